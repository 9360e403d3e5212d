import type { Measure } from '../../harness/results.ts';
import type { Contest, CriterionName } from './contest.ts';

/** What `--measure` has to name for a figure to be measured; the others come with every run, or not at all. */
const MEASURED_BY: Readonly<Partial<Record<CriterionName, Measure>>> = {
  sustained: 'latency',
  p50: 'latency',
  p99: 'latency',
  'p99.9': 'latency',
  pause: 'checkpoint',
  persist: 'checkpoint',
  checkpoint: 'checkpoint',
  recovery: 'recovery',
  rescale: 'rescale',
};

/**
 * The run's own command, with `--measure` extended so that it measures all of `criteria`; without `--out`, as that folder holds this
 * run. Null where the run asked for all of them already, so that the same command again would not help.
 */
export function measuringCommand(
  { command, measures }: Pick<Contest, 'command' | 'measures'>,
  criteria: readonly CriterionName[],
): string | null {
  const missing = [...new Set(criteria.flatMap((name) => MEASURED_BY[name] ?? []))].filter((measure) => !measures.includes(measure));
  if (missing.length === 0) return null;
  const asked = [...measures.filter((measure) => measure !== 'throughput'), ...missing].join(',');
  const words = command.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
  const kept = words.filter((word, i) => !/^--(?:measure|out)(?:=|$)/.test(word) && !/^--(?:measure|out)$/.test(words[i - 1] ?? ''));
  return `${kept.join(' ')}${kept.length === 2 ? ' run' : ''} --measure ${asked}`;
}
