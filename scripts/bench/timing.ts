import { type Figure, figure } from './figure.ts';
import { inTurn } from './runs.ts';

const EMBEDDED = ['memory', 'lmdb', 'level', 'sqlite', 'rocksdb'];
const SHAPE = { workload: 'synthetic:keys=100000', events: 4e6, warmUp: 1e6, secondsMax: 2, batchSize: 1000 };
const ROUNDS = 7;

/** What it costs to time every call of the store and every micro-batch, as a trial does: CPU time per event with it, against without. */
export async function* timingFigures(): AsyncGenerator<Figure> {
  for (const backend of EMBEDDED) {
    const run = { kind: 'rate' as const, backend, ...SHAPE };
    const pairs = await inTurn(ROUNDS, [
      { ...run, isTimed: false },
      { ...run, isTimed: true },
    ]);
    yield figure(
      `${backend} timed ÷ untimed`,
      'x',
      pairs.map(([untimed, timed]) => timed!.nsPerEvent / untimed!.nsPerEvent),
    );
  }
}
