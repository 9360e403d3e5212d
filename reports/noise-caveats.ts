/** What the trials say of how quiet the machine was. */
import type { CompletedTrial, Noise } from '../harness/results.ts';
import type { Caveat } from './caveats.ts';
import { plainText } from './plain-text.ts';
import { everyGroup, type RunSummary } from './statistics/summary.ts';

/** Symbol and word, since colour alone tells nothing. */
export const BADGE_MARKS: Readonly<Record<Noise['badge'], string>> = { green: '● quiet', amber: '▲ amber', red: '■ red' };

function countingTrials(run: RunSummary): readonly CompletedTrial[] {
  return everyGroup(run).flatMap(({ candidates, harness }) =>
    [...candidates, ...(harness === null ? [] : [harness])].flatMap(({ trials }) => trials),
  );
}

/** How many trials have which badge: "24 ● quiet, 2 ▲ amber, 1 ■ red". */
export function badgesOf(run: RunSummary): string {
  const badges = countingTrials(run).flatMap(({ noise }) => noise?.badge ?? []);
  if (badges.length === 0) return 'nobody looked how quiet it was';
  return (['green', 'amber', 'red'] as const)
    .map((badge) => [badges.filter((one) => one === badge).length, badge] as const)
    .filter(([count]) => count > 0)
    .map(([count, badge]) => `${count} ${BADGE_MARKS[badge]}`)
    .join(', ');
}

/** For each kind of finding: in how many of the trials that count, the worst of it, and what to do. */
export function noiseCaveats(run: RunSummary): readonly Caveat[] {
  const trials = countingTrials(run);
  const findings = trials.flatMap(({ noise }) => noise?.findings ?? []);
  const kinds = [...new Set(findings.map(({ what }) => what))];
  return kinds.map((kind) => {
    const same = findings.filter(({ what }) => what === kind);
    const red = same.filter(({ level }) => level === 'red');
    const [worst] = red.length > 0 ? red : same;
    const badge = BADGE_MARKS[red.length > 0 ? 'red' : 'amber'];
    return {
      tone: red.length > 0 ? 'warning' : 'note',
      text: plainText(
        `${badge}: in ${same.length} of ${trials.length} trials (${red.length} red) the machine was noisy, for example ${worst!.found}. Next: ${worst!.remedy}.`,
      ),
    };
  });
}
