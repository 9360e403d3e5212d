/** Tells the job for Flink which workload it runs: stages, keys, watermarks. */
import type { Aggregate, AggregateStage, Stage, WindowSpec, Workload } from '../../workloads/contract.ts';
import { StatebenchError } from '../errors.ts';

/** Kept in an accumulator, or in a list. */
const AGGREGATES: readonly string[] = ['count-sum-min-max', 'average', 'median', 'exact-distinct'];

/** The stages as the job's arguments have them. @throws StatebenchError `impossible-settings` if the job has no such stage */
export function stageArguments({ name, stages }: Pick<Workload, 'name' | 'stages'>): string {
  return stages.map((stage, index) => stageArgument(name, stages, stage, index)).join('|');
}

function stageArgument(workload: string, stages: readonly Stage[], stage: Stage, index: number): string {
  if (stage.kind !== 'aggregate') throw unknown(workload, `has a ${stage.kind}`);
  const { aggregate, window, keyPrefixBytes, allowedLatenessMs } = stage;
  if (!AGGREGATES.includes(aggregate.name)) throw unknown(workload, `has the aggregate ${aggregate.name}`);
  if (window.kind === 'global' && aggregate.kind === 'holistic') throw unknown(workload, 'keeps a list without an end');
  const name = merges(stages, index, aggregate) ? `merged-${aggregate.name}` : aggregate.name;
  return [keyPrefixBytes, windowArgument(window), name, allowedLatenessMs].join(';');
}

function windowArgument(window: WindowSpec): string {
  switch (window.kind) {
    case 'tumbling':
      return `tumbling:${window.sizeMs}:${withinSize(window.offsetMs, window.sizeMs)}`;
    case 'sliding':
      return `sliding:${window.sizeMs}:${window.slideMs}:${withinSize(window.offsetMs, window.slideMs)}`;
    case 'session':
      return `session:${window.gapMs}`;
    case 'global':
      return 'global';
  }
}

/** Flink takes no offset as long as what repeats. */
function withinSize(offsetMs: number, sizeMs: number): number {
  return ((offsetMs % sizeMs) + sizeMs) % sizeMs;
}

/** After a stage of count-sum-min-max another one merges all four numbers; any other aggregate sees the first. */
function merges(stages: readonly Stage[], index: number, { name }: Aggregate): boolean {
  const before = stages[index - 1] as AggregateStage | undefined;
  return name === 'count-sum-min-max' && before?.aggregate.name === name;
}

function unknown(workload: string, has: string): StatebenchError {
  return new StatebenchError(
    'impossible-settings',
    `workload '${workload}' ${has}, for which there is no job on Flink: take one of windows and sessions with ${AGGREGATES.join(', ')}, such as flights-delays, or leave the flink backends out`,
  );
}
