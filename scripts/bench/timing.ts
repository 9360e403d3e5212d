import { type Figure, figure } from './figure.ts';
import { inTurn } from './runs.ts';

/** Batches of one event are the worst case: only there a call of memory is so short that timing it could be felt. */
const CASES = [
  ['memory', 1000],
  ['lmdb', 1000],
  ['level', 1000],
  ['sqlite', 1000],
  ['rocksdb', 1000],
  ['memory', 1],
] as const;
const SHAPE = { workload: 'synthetic:keys=100000', events: 4e6, warmUp: 1e6, secondsMax: 1 };
/** Processes differ from each other by far more than timing costs, so that many short ones tell more than a few long ones. */
const ROUNDS = 21;

/** What it costs to time every call of the store and every micro-batch, as a trial does: CPU time per event with it, against without. */
export async function* timingFigures(): AsyncGenerator<Figure> {
  for (const [backend, batchSize] of CASES) {
    const run = { kind: 'rate' as const, backend, ...SHAPE, batchSize };
    const pairs = await inTurn(ROUNDS, [
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
