import { type Figure, figure } from './figure.ts';
import { inTurn } from './runs.ts';

/**
 * Backends, events of a batch, rounds. Processes differ from each other by far more than timing costs, with the state in memory most of
 * all, so that many short ones tell more than a few long ones. Batches of one event are the worst case: only there a call of memory is so
 * short that timing it could be felt.
 */
const CASES = [
  ['memory', 1000, 61],
  ['lmdb', 1000, 21],
  ['level', 1000, 21],
  ['sqlite', 1000, 21],
  ['rocksdb', 1000, 21],
  ['memory', 1, 61],
] as const;
const SHAPE = { workload: 'synthetic:keys=100000', events: 4e6, warmUp: 1e6, secondsMax: 1 };

/** What it costs to time every call of the store and every micro-batch, as a trial does: CPU time per event with it, against without. */
export async function* timingFigures(): AsyncGenerator<Figure> {
  for (const [backend, batchSize, rounds] of CASES) {
    const run = { kind: 'rate' as const, backend, ...SHAPE, batchSize };
    const pairs = await inTurn(rounds, [
      { ...run, isTimed: false },
      { ...run, isTimed: true },
    ]);
    yield figure(
      `${backend} timed ÷ untimed, batches of ${batchSize}`,
      'x',
      pairs.map(([untimed, timed]) => timed!.nsPerEvent / untimed!.nsPerEvent),
    );
  }
}
