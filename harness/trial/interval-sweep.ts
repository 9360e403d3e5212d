import { seededRandom } from '../random.ts';
import type { IntervalSweep, Output } from '../results.ts';
import { runChild, type TaskFailure } from './child.ts';
import type { CellTask, Phase, StreamPlan } from './tasks.ts';

/** How many intervals are tried, beside none. */
const INTERVALS = 5;
const SHORTEST_SECONDS = 0.25;

export interface SweepRequest {
  readonly cell: CellTask;
  readonly stream: StreamPlan;
  readonly block: number;
  /** Throughput of the trial: what makes seconds of events. */
  readonly eventsPerSecond: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: Phase) => void;
}

/** Intervals in events, evenly spread on a logarithmic scale from {@link SHORTEST_SECONDS} to the whole stretch; null for none. */
export function sweepIntervals(measuredEvents: number, eventsPerSecond: number, seed: number): readonly (number | null)[] {
  const shortest = Math.max(1, Math.min(SHORTEST_SECONDS * eventsPerSecond, measuredEvents / 2));
  const events = Array.from({ length: INTERVALS }, (_, i) => Math.round(shortest * (measuredEvents / shortest) ** (i / (INTERVALS - 1))));
  const order: (number | null)[] = [null, ...events];
  const random = seededRandom(seed);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The event at which a sweep ends. */
export function sweepEnd({ warmUp, swept }: StreamPlan): number {
  return warmUp + (INTERVALS + 1) * swept;
}

/** Sweeps the checkpoint interval of a cell in a process of its own. */
export async function sweepInterval(
  request: SweepRequest,
): Promise<{ readonly interval: IntervalSweep; readonly output: Output } | TaskFailure> {
  const { cell, stream, block, eventsPerSecond, timeoutMs, signal, onPhase } = request;
  const everyEvents = sweepIntervals(stream.swept, eventsPerSecond, cell.seed + block);
  const { result, failure } = await runChild({
    task: {
      kind: 'interval',
      cell: { ...cell, directory: `${cell.directory}/interval` },
      warmUpEvents: stream.warmUp,
      measuredEvents: stream.swept,
      everyEvents,
    },
    phase: 'interval',
    timeoutMs: timeoutMs * (INTERVALS + 1),
    signal,
    onPhase,
  });
  if (failure !== null || result === null)
    return failure ?? { phase: 'interval', code: 'no-result', message: 'the process ended without a result' };
  const points = everyEvents.map((every, i) => {
    const { checkpoints, measuredSeconds } = result.stretches[i]!;
    return { every, checkpoints, measuredSeconds, eventsPerSecond: stream.swept / measuredSeconds };
  });
  const interval = {
    baselineEventsPerSecond: points.find(({ every }) => every === null)!.eventsPerSecond,
    points: points
      .flatMap(({ every, ...measured }) => (every === null ? [] : [{ intervalSeconds: every / eventsPerSecond, ...measured }]))
      .sort((a, b) => a.intervalSeconds - b.intervalSeconds),
  };
  return { interval, output: result.output };
}
