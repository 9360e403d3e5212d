import type { LatencyFigures, Output, Plan } from '../results.ts';
import { runChild, type TaskFailure } from './child.ts';
import type { CellTask, LatencyPlan, Phase, StreamPlan } from './tasks.ts';

/** Parts of the sustained rate at which latency is measured. */
const FRACTIONS = [0.1, 0.3, 0.5, 0.7, 0.9];
/** Of the search: each halves the bracket, which begins as 0.7 of the throughput. */
const STEPS = 5;
const SHORTEST_STRETCH_SECONDS = 0.4;
/** A stretch is this part of what a trial measures. */
const STRETCH = 1 / 3;
/** At a common rate a cell is measured if that is no more than this of how fast it is. */
const WITHIN_REACH = 0.9;

/**
 * The rates that several cells have in common, from how fast they are, ascending: about half of what the slowest, the middle and the
 * fastest of them do, rounded down to 1, 2 or 5 times a power of ten.
 */
export function commonRates(eventsPerSecond: readonly number[]): readonly number[] {
  const sorted = [...eventsPerSecond].sort((a, b) => a - b);
  if (sorted.length === 0) return [];
  const chosen = [sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!].map((rate) => roundDown(rate / 2));
  return [...new Set(chosen)];
}

function roundDown(rate: number): number {
  const decade = 10 ** Math.floor(Math.log10(rate));
  return [5, 2, 1].map((step) => step * decade).find((step) => step <= rate) ?? decade;
}

/**
 * The stretches of a cell's open loop.
 * @param measuredSeconds how long the measured part of a trial is meant to take
 * @param rates common ones; the cell gets those that are within its reach
 */
export function latencyPlan(stream: StreamPlan, measuredSeconds: number, rates: readonly number[]): LatencyPlan {
  const eventsPerSecond = stream.measured / measuredSeconds;
  const seconds = stretchSeconds(measuredSeconds);
  const events = (ratePerSecond: number) => Math.max(1, Math.round(ratePerSecond * seconds));
  return {
    warmUp: stream.warmUp,
    stretchSeconds: seconds,
    steps: STEPS,
    stepEvents: events(eventsPerSecond),
    loads: [
      ...FRACTIONS.map((fraction) => ({ fraction, events: events(fraction * eventsPerSecond) })),
      ...rates
        .filter((ratePerSecond) => ratePerSecond <= WITHIN_REACH * eventsPerSecond)
        .map((ratePerSecond) => ({ ratePerSecond, events: events(ratePerSecond) })),
    ],
  };
}

/** The event at which an open loop ends. */
export function latencyEnd({ warmUp, steps, stepEvents, loads }: LatencyPlan): number {
  return warmUp + steps * stepEvents + loads.reduce((sum, { events }) => sum + events, 0);
}

/** A step at 0.65 to 0.9 of the throughput takes longer than one at all of it; so do loads of a sustained rate below it. */
const LONGER = 1.3;
/** Loads at common rates, most often. */
const COMMON = 2;

/** About how long an open loop takes. */
export function latencySeconds({ warmUpSeconds, measuredSeconds }: Pick<Plan['profile'], 'warmUpSeconds' | 'measuredSeconds'>): number {
  return warmUpSeconds + LONGER * (STEPS + FRACTIONS.length + COMMON) * stretchSeconds(measuredSeconds);
}

function stretchSeconds(measuredSeconds: number): number {
  return Math.max(SHORTEST_STRETCH_SECONDS, measuredSeconds * STRETCH);
}

export interface LatencyRequest {
  readonly cell: CellTask;
  readonly plan: LatencyPlan;
  /** Throughput of the trial. */
  readonly eventsPerSecond: number;
  readonly settings: Plan['latency'];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: Phase) => void;
}

/** Runs the open loop of a cell in a process of its own. */
export async function runLatency(
  request: LatencyRequest,
): Promise<{ readonly latency: LatencyFigures; readonly output: Output } | TaskFailure> {
  const { cell, plan, eventsPerSecond, settings, timeoutMs, signal, onPhase } = request;
  const { result, failure } = await runChild({
    task: {
      kind: 'latency',
      cell: { ...cell, directory: `${cell.directory}/latency` },
      plan,
      eventsPerSecond,
      limitMs: settings.limitMs,
      arrivals: settings.arrivals,
    },
    phase: 'latency',
    timeoutMs: timeoutMs * (STEPS + plan.loads.length),
    signal,
    onPhase,
  });
  if (failure !== null || result === null)
    return failure ?? { phase: 'latency', code: 'no-result', message: 'the process ended without a result' };
  return result;
}
