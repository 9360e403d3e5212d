import { nameOf, rangeOf } from './decision.ts';
import { noiseCaveats } from './noise-caveats.ts';
import { plainText } from './plain-text.ts';
import { percent, withUnit } from './quantity.ts';
import { finishedTrials, isPartial, plannedTrials, type Results } from './read-results.ts';
import { inMemoryNotes } from './state-in-memory.ts';
import { everyGroup, type GroupSummary, type RunSummary, throughputOf } from './statistics/summary.ts';
import { courseNotes, overBudgetWarnings, seldomNotes } from './trial-courses.ts';

/** Something to know before believing the numbers. */
export interface Caveat {
  /** An alarm stands above everything else. */
  readonly tone: 'note' | 'warning' | 'alarm';
  readonly text: string;
}

const CACHED_FSYNC_MS = 0.3;

/** Why a slower figure may stand above a faster one: its trials differ so much that it is not shown to be slower than the best of its tier. */
function wideMembers({ candidates, tiers }: GroupSummary): readonly string[] {
  const means = new Map(candidates.map((cell) => [cell.cell.id, { name: nameOf(cell), mean: throughputOf(cell) ?? 0 }]));
  return (tiers ?? []).flatMap(({ members }, i) => {
    const below = (tiers ?? []).slice(i + 1).flatMap((tier) => tier.members.map((id) => means.get(id)!));
    const [fastest] = below.toSorted((a, b) => b.mean - a.mean);
    if (fastest === undefined) return [];
    return members
      .map((id) => means.get(id)!)
      .filter(({ mean }) => mean < fastest.mean)
      .map(
        ({ name }) =>
          `${name} stands in tier ${i + 1}, above ${fastest.name}, whose figure is higher: the blocks of ${name} differ so much that it is not shown to be slower than ${means.get(members[0]!)!.name}.`,
      );
  });
}

/** What limits this run, weightiest first. */
export function caveatsOf(results: Results, run: RunSummary): readonly Caveat[] {
  const { plan, environment, trials, tornLines } = results;
  const { profile } = plan;
  const caveats: Caveat[] = [];
  const alarm = (text: string) => caveats.push({ tone: 'alarm', text });
  const warn = (text: string) => caveats.push({ tone: 'warning', text });
  const note = (text: string) => caveats.push({ tone: 'note', text });

  const groups = everyGroup(run);
  for (const { id, ratio, verdict } of run.sameTwice) {
    const twin = groups.flatMap((group) => group.candidates).find(({ cell }) => cell.id === id);
    if (ratio === null || twin === undefined) continue;
    const name = groups.length === 1 ? nameOf(twin) : `${nameOf(twin)} with ${plainText(twin.cell.workload.name)}`;
    if (verdict.word !== 'faster' && verdict.word !== 'slower') {
      if (ratio.interval === null) continue;
      note(
        `${name} is the reference measured twice (A/A): ${rangeOf(ratio, false)} × of itself, ${verdict.word}. That is the noise which every other ratio is up against.`,
      );
      continue;
    }
    alarm(
      `${name} is the reference under another name and came out ${verdict.word} (${rangeOf(ratio, false)} ×): this machine was too unsteady; believe nothing below.`,
    );
  }
  if (isPartial(results))
    alarm(`Partial: ${finishedTrials(results)} of ${plannedTrials(plan)} trials are finished. Go on with statebench resume.`);
  if (profile.smallestEffect === null) warn(`The profile ${profile.name} only tries whether things work: it decides nothing.`);
  else if (profile.smallestEffect > 0.05)
    warn(
      `The profile ${profile.name} (${profile.blocks} blocks of ${Number(profile.measuredSeconds.toPrecision(3))} s) decides only effects of ${percent(profile.smallestEffect)} and more, and its trials are too short for a median of steady seconds: their throughput is that of all of the measured time.`,
    );
  const cells = groups.flatMap((group) => group.candidates);
  const fellBack = trials.filter((trial) => trial.state === 'completed' && (trial.recovery?.checkpointsSkipped ?? 0) > 0);
  if (fellBack.length > 0) {
    const backends = [...new Set(fellBack.map(({ backend }) => backend.name))].join(', ');
    const recoveries = fellBack.length === 1 ? '1 recovery' : `${fellBack.length} recoveries`;
    warn(`In ${recoveries} the newest checkpoint was damaged; the one before was used (${backends}). Check the disk.`);
  }
  if (trials.some((trial) => trial.state === 'completed' && trial.recovery !== null && trial.recovery.killFraction === undefined))
    note(
      'These recoveries were measured by an older version: where the kill fell is not recorded, the restore time includes the loading of the events, and the replay rate is unknown. They decide no need.',
    );
  if (tornLines > 0) warn('The last line of trials.ndjson was cut off and is left out.');
  if (environment.fsyncMs !== null && environment.fsyncMs < CACHED_FSYNC_MS) {
    note(
      `fsync takes ${withUnit('time', environment.fsyncMs)}: the disk acknowledges from a cache, so figures of durable stores are optimistic.`,
    );
  }
  if (environment.fileSystem === 'tmpfs')
    note('The working state is kept on tmpfs, which is memory: disk figures say nothing about a disk.');
  for (const text of inMemoryNotes(run, environment)) note(text);
  for (const text of overBudgetWarnings(run, plan)) warn(text);
  for (const text of courseNotes(run)) note(text);
  for (const text of seldomNotes(run)) note(text);
  for (const text of run.groups.flatMap(wideMembers)) note(text);
  for (const caveat of noiseCaveats(run)) caveats.push(caveat);
  if (run.trials.superseded > 0)
    note(
      `${run.trials.superseded === 1 ? '1 trial was' : `${run.trials.superseded} trials were`} repeated in the same block; the repetition counts.`,
    );
  if (cells.some((cell) => cell.killsChecked > 0))
    note('Crashes are SIGKILL of the process, which spares the page cache: the crash of a machine was not tried.');
  if (run.groups.every((group) => group.harness === null))
    note('The null backend did not run: what the harness itself costs is not known.');
  return caveats;
}
