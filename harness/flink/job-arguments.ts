/** Tells the job for Flink which workload it runs: stages, keys, windows, operations. */
import {
  type Aggregate,
  type AggregateStage,
  type IncrementalAggregate,
  PAYLOAD_COLUMN,
  type Stage,
  type WindowSpec,
  type Workload,
} from '../../workloads/contract.ts';
import { StatebenchError } from '../errors.ts';

/** What the job knows of each aggregate with an accumulator: the parameter that it has to be told, if there is one. */
const INCREMENTAL: ReadonlyMap<string, string | null> = new Map([
  ['count-sum-min-max', null],
  ['average', null],
  ['distinct', 'precision'],
  ['top-k', 'k'],
  ['quantiles', 'subBits'],
]);
const HOLISTIC: readonly string[] = ['median', 'exact-distinct'];
const JOIN = 'join';

/** Whether the events of a workload say what they are to a join. */
export function hasTypes({ stages }: Pick<Workload, 'stages'>): boolean {
  return stages.some(({ kind }) => kind !== 'aggregate');
}

/**
 * The stages as the job's arguments have them.
 * @throws StatebenchError `impossible-settings` if the job has no such stage, or several tasks would not give its rows
 */
export function stageArguments({ name, stages }: Pick<Workload, 'name' | 'stages'>, parallelism: number): string {
  return stages.map((stage, index) => stageArgument({ workload: name, stages, parallelism }, stage, index)).join('|');
}

interface Job {
  readonly workload: string;
  readonly stages: readonly Stage[];
  readonly parallelism: number;
}

function stageArgument(job: Job, stage: Stage, index: number): string {
  const argument = (window: string, operation: string, allowedLatenessMs = 0): string =>
    [stage.keyPrefixBytes, window, operation, allowedLatenessMs].join(';');
  switch (stage.kind) {
    case 'aggregate': {
      const { window, aggregate, allowedLatenessMs } = stage;
      if (window.kind === 'global') checkOrder(job, 'gives a row for each event, of those of its key before it');
      return argument(windowArgument(window), aggregateArgument(job, stage, aggregate, index), allowedLatenessMs);
    }
    case 'window-join':
      return argument(windowArgument(stage.window), JOIN);
    case 'interval-join':
      return argument(`interval:${stage.lowerMs}:${stage.upperMs}`, JOIN);
    case 'continuous-join':
      checkOrder(job, 'joins an event with those of its key before it');
      return argument('global', JOIN);
  }
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

function aggregateArgument({ workload, stages }: Job, { window }: AggregateStage, aggregate: Aggregate, index: number): string {
  if (aggregate.kind === 'holistic') {
    if (window.kind === 'global') throw notCovered(workload, 'keeps a list without an end');
    if (!HOLISTIC.includes(aggregate.name)) throw notCovered(workload, `has the aggregate ${aggregate.name}`);
    return aggregate.columns.at(-1) === PAYLOAD_COLUMN ? `${aggregate.name}:payload` : aggregate.name;
  }
  const parameter = INCREMENTAL.get(aggregate.name);
  if (parameter === undefined) throw notCovered(workload, `has the aggregate ${aggregate.name}`);
  if (parameter !== null) return `${aggregate.name}:${aggregate.parameters[parameter]}`;
  return merges(stages, index, aggregate) ? `merged-${aggregate.name}` : aggregate.name;
}

/** After a stage of count-sum-min-max another one merges all four numbers; any other aggregate sees the first. */
function merges(stages: readonly Stage[], index: number, { name }: IncrementalAggregate): boolean {
  const before = stages[index - 1];
  return name === 'count-sum-min-max' && before?.kind === 'aggregate' && before.aggregate.name === name;
}

/** Events of a key come by several tasks of the source in no order that would be the same again. */
function checkOrder({ workload, parallelism }: Job, what: string): void {
  if (parallelism === 1) return;
  throw new StatebenchError(
    'impossible-settings',
    `workload '${workload}' ${what}, and ${parallelism} tasks on Flink do not keep their order: take --parallelism 1, or leave the flink backends out`,
  );
}

function notCovered(workload: string, has: string): StatebenchError {
  return new StatebenchError(
    'impossible-settings',
    `workload '${workload}' ${has}, for which there is no job on Flink: it covers tumbling, sliding, session and global windows with ${[...INCREMENTAL.keys(), ...HOLISTIC].join(', ')} (the last two not in a global one), and window, interval and continuous joins. Leave the flink backends out`,
  );
}
