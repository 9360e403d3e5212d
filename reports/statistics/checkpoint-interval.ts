/**
 * Weighs what checkpoints cost against what a crash costs, at each checkpoint interval that was measured.
 *
 * With T from one cut to the next, a crash falls on average half-way between two: T / 2 of the stream is processed again, at
 * the rate measured, after the restore. The interval at which both costs together are least is, to first order,
 * √(2 · cost of a checkpoint · time between crashes): J. W. Young, A first order approximation to the optimum checkpoint
 * interval, CACM 17(9), 1974; J. T. Daly, FGCS 22(3), 2006, shows it right where the cost is small against that time.
 */
import type { CompletedTrial } from '../../harness/results.ts';
import { type Interval, median, sampleOf } from './sample.ts';

const SECONDS_PER_DAY = 86_400;

export interface WeighedInterval {
  /** From one cut to the next, as it came out. */
  readonly intervalSeconds: number;
  /** Share of the throughput without checkpoints that is lost with them, over blocks; noise makes it negative at times. */
  readonly lost: number;
  /** 95 % over blocks; null below 3. */
  readonly lostInterval: Interval | null;
  /** From a crash until the stream is where it was: half an interval and the restore. */
  readonly replaySeconds: number;
  /** Share of all time that checkpoints and crashes together take; a negative loss counts as none. */
  readonly expectedLost: number;
}

export interface IntervalSummary {
  /** From the shortest interval to the longest. */
  readonly points: readonly WeighedInterval[];
  /** The one with the least expected loss; null unless at the shortest interval the loss can be told from none. */
  readonly best: WeighedInterval | null;
  readonly restoreSeconds: number;
  /** Throughput time that a checkpoint takes: least squares of lost = cost / interval, median over blocks; null if not above 0, or with the best. */
  readonly costSeconds: number | null;
  /** Young's optimum for that cost; null with it. */
  readonly youngSeconds: number | null;
}

type Swept = CompletedTrial & { readonly interval: NonNullable<CompletedTrial['interval']> };

/** Null where no trial swept the interval. Points at which a block made no checkpoint are left out. */
export function intervalSummary(trials: readonly CompletedTrial[], crashesPerDay: number): IntervalSummary | null {
  const swept = trials.filter((trial): trial is Swept => trial.interval !== null);
  const restores = swept.flatMap(({ recovery }) => (recovery === null ? [] : [restoreSeconds(recovery.phases)]));
  const [first] = swept;
  if (first === undefined || restores.length === 0) return null;
  const restore = median(restores);
  const crashesPerSecond = crashesPerDay / SECONDS_PER_DAY;
  const points = first.interval.points.flatMap((_, i) => {
    const ratios = swept.map(({ interval }) => (interval.points[i]?.eventsPerSecond ?? Number.NaN) / interval.baselineEventsPerSecond);
    const seconds = swept.map(({ interval }) => cycleSeconds(interval.points[i]));
    const sample = sampleOf(ratios);
    if (sample === null || sample.sdLog === null || !seconds.every(Number.isFinite)) return [];
    const intervalSeconds = median(seconds);
    const lost = 1 - sample.mean;
    const replaySeconds = intervalSeconds / 2 + restore;
    const lostInterval = sample.interval && { low: 1 - sample.interval.high, high: 1 - sample.interval.low };
    return [{ intervalSeconds, lost, lostInterval, replaySeconds, expectedLost: Math.max(0, lost) + crashesPerSecond * replaySeconds }];
  });
  if (points.length === 0) return null;
  points.sort((a, b) => a.intervalSeconds - b.intervalSeconds);
  // One question, asked where most is lost: of five, one would be answered by chance too often.
  const isTold = (points[0]!.lostInterval?.low ?? 0) > 0;
  const cost = median(swept.map(checkpointCost));
  const costSeconds = isTold && cost > 0 ? cost : null;
  return {
    points,
    best: isTold ? points.reduce((least, point) => (point.expectedLost < least.expectedLost ? point : least)) : null,
    restoreSeconds: restore,
    costSeconds,
    youngSeconds: costSeconds && Math.sqrt((2 * costSeconds) / crashesPerSecond),
  };
}

function restoreSeconds({ processMs, loadMs = 0, verifyMs, restoreMs }: NonNullable<CompletedTrial['recovery']>['phases']): number {
  return (processMs + loadMs + verifyMs + restoreMs) / 1000;
}

/** What an interval came to: longer than planned where checkpoints take longer than it. */
function cycleSeconds(point: Swept['interval']['points'][number] | undefined): number {
  return point === undefined || point.checkpoints === 0 ? Number.NaN : point.measuredSeconds / point.checkpoints;
}

function checkpointCost({ interval: { points, baselineEventsPerSecond } }: Swept): number {
  let above = 0;
  let below = 0;
  for (const point of points) {
    const rate = 1 / cycleSeconds(point);
    if (Number.isNaN(rate)) continue;
    above += (1 - point.eventsPerSecond / baselineEventsPerSecond) * rate;
    below += rate * rate;
  }
  return below === 0 ? 0 : above / below;
}
