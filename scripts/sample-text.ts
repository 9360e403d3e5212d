import { fileURLToPath } from 'node:url';
import { decidedEffects } from '../reports/decided-effects.ts';
import { decide } from '../reports/decision.ts';
import { plainText } from '../reports/plain-text.ts';
import type { Results } from '../reports/read-results.ts';
import { summarise } from '../reports/statistics/summary.ts';

/** Where the committed sample is: the results of a run, compact, and the report made from them. */
export const SAMPLE = fileURLToPath(new URL('../../reports/sample/', import.meta.url));

const MARKS = /<!-- sample -->\n.*?\n<!-- \/sample -->/su;

/** What the README says of the sample, Markdown: made from the results, so that it never claims what they do not say. */
export function sampleText(results: Results): string {
  const { plan, environment, trials } = results;
  const run = summarise(plan, trials);
  if (run.groups.length === 0) throw new Error('the sample has no group of backends');
  const workloads = run.groups.map(({ workload }) => plainText(workload.name));
  const answers = run.groups.map(
    (group) => `**${decide(group, plan, run).headline}**${workloads.length === 1 ? '' : ` for ${plainText(group.workload.name)}`}`,
  );
  const { name, blocks, measuredSeconds } = plan.profile;
  const decides = `which ${decidedEffects(run, plan)}`;
  return `The picture is the top of [a sample report](reports/sample/report.html): ${inWords(workloads)}, profile ${name} (${blocks} blocks of ${measuredSeconds} s, ${decides}), on ${plainText(environment.cpu)}, ${environment.cores} cores, ${plan.startedAt.slice(0, 10)}. Its answer there is ${inWords(answers)}; \`npx statebench recommend reports/sample\` gives it again from the results beside it.`;
}

function inWords(items: readonly string[]): string {
  return items.join(', ').replace(/, ([^,]*)$/u, ' and $1');
}

/** `readme` with the text between its marks replaced. @throws Error if it has no marks */
export function withSampleText(readme: string, text: string): string {
  if (!MARKS.test(readme)) throw new Error('README.md has no lines <!-- sample --> and <!-- /sample -->');
  return readme.replace(MARKS, () => `<!-- sample -->\n${text}\n<!-- /sample -->`);
}
