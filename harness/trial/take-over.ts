import { nowNs } from '../measure/clock.ts';
import type { Output, Rescale } from '../results.ts';
import { runChild, type TaskFailure } from './child.ts';
import type { CellTask, Phase, RescaleResult, RescaleTask } from './tasks.ts';

export interface TakeOverRequest {
  /** The cell of the process that left the checkpoint. */
  readonly cell: CellTask;
  /** Events of the whole stream. */
  readonly events: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: Phase) => void;
}

const PARTS = 2;

/** Lets two processes take a job over from its newest checkpoint, and one from theirs, which ends the stream. */
export async function takeOver(request: TakeOverRequest): Promise<{ readonly rescale: Rescale; readonly output: Output } | TaskFailure> {
  const { cell, events } = request;
  const task = (name: string, sources: readonly string[], part: number, parts: number, ends: readonly string[]): RescaleTask => ({
    kind: 'rescale',
    cell: { ...cell, directory: `${cell.directory}/${name}` },
    sources,
    part,
    parts,
    until: parts === 1 ? 'end' : 'half-way',
    events,
    ends,
  });
  const parts = Array.from({ length: PARTS }, (_, part) => task(`part-${part + 1}`, [cell.directory], part, PARTS, []));
  const split = await perform(parts, request);
  if ('failure' in split) return split.failure;
  const whole = task(
    'whole',
    parts.map((part) => part.cell.directory),
    0,
    1,
    [cell.directory, ...parts.map((part) => part.cell.directory)],
  );
  const merge = await perform([whole], request);
  if ('failure' in merge) return merge.failure;
  const { output, fromEvent } = merge.results[0]!;
  return {
    rescale: {
      splitAtEvent: split.results[0]!.fromEvent,
      mergedAtEvent: fromEvent,
      split: figuresOf(split),
      merge: figuresOf(merge),
    },
    output,
  };
}

interface Performed {
  readonly startedNs: number;
  readonly results: readonly RescaleResult[];
}

/** Does the tasks at once, each in a process of its own. */
async function perform(
  tasks: readonly RescaleTask[],
  { timeoutMs, signal, onPhase }: TakeOverRequest,
): Promise<Performed | { readonly failure: TaskFailure }> {
  const startedNs = nowNs();
  const outcomes = await Promise.all(tasks.map((task) => runChild({ task, phase: 'rescale', timeoutMs, signal, onPhase })));
  const results: RescaleResult[] = [];
  for (const { result, failure } of outcomes) {
    if (failure !== null || result === null)
      return { failure: failure ?? { phase: 'rescale', code: 'no-result', message: 'the process ended without a result' } };
    results.push(result);
  }
  return { startedNs, results };
}

function figuresOf({ startedNs, results }: Performed): Rescale['split'] {
  return {
    ms: (Math.max(...results.map(({ readyNs }) => readyNs)) - startedNs) / 1e6,
    entries: results.reduce((sum, { entries }) => sum + entries, 0),
    bytes: results.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
