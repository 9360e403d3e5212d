/** Invented figures of an open loop, for tests only. Product code never imports this. */
import type { LatencyFigures, Load } from '../harness/results.ts';
import { histogram } from './fixtures.ts';

const FRACTIONS = [0.1, 0.3, 0.5, 0.7, 0.9];
const COMMON_PER_SECOND = 5000;
/** Different values of a histogram: trials have many histograms, and a page has them all. */
const DRAWS = 24;

/** Of a cell that takes `rate` events per second; the wait grows as that of a queue does. The load at nine tenths is void. */
export function inventLatency(rate: number, measuredSeconds: number, tail: number, random: () => number): LatencyFigures {
  const passedPerSecond = rate * 0.85;
  const load = (fraction: number | null, ratePerSecond: number): Load => {
    const used = ratePerSecond / rate;
    const middleNs = 4e5 / (1 - used);
    const events = Math.round((ratePerSecond * measuredSeconds) / 3);
    return {
      fraction,
      ratePerSecond,
      events,
      seconds: measuredSeconds / 3,
      backlogSlope: 0.0004,
      doneShare: 0.999,
      busyShare: used,
      latency: histogram(events, middleNs, tail, random, DRAWS),
      duringCheckpoint: histogram(Math.round(events * 0.15), middleNs * 3, tail, random, DRAWS),
      service: histogram(Math.max(1, Math.round(events / 20)), middleNs * 0.4, tail, random, DRAWS),
      window: histogram(Math.max(1, Math.round(events / 50)), middleNs * 4, tail, random, DRAWS),
      lag: histogram(Math.max(1, Math.round(events / 40)), 900, 0.3, random, DRAWS),
      void: fraction === 0.9 ? 'the driver itself was late' : null,
      checkpoints: [{ atSeconds: measuredSeconds / 12, pauseMs: 2, persistMs: 200 }],
      timeline: { tickSeconds: measuredSeconds / 120, p99Ms: Array.from({ length: 40 }, (_, i) => (middleNs / 1e6) * (i === 11 ? 5 : 2)) },
    };
  };
  return {
    sustainable: {
      passedPerSecond,
      failedPerSecond: rate * 0.9,
      steps: [
        { ratePerSecond: passedPerSecond, passed: true, reason: null, backlogSlope: 0.001, doneShare: 1, p99Ms: 4 },
        {
          ratePerSecond: rate * 0.9,
          passed: false,
          reason: 'the backlog grew by 4.0 % of the rate',
          backlogSlope: 0.04,
          doneShare: 0.96,
          p99Ms: 40,
        },
      ],
    },
    loads: [...FRACTIONS.map((fraction) => load(fraction, fraction * passedPerSecond)), load(null, COMMON_PER_SECOND)],
  };
}
