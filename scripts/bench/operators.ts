import { type Figure, figure } from './figure.ts';
import { inTurn, type Run } from './runs.ts';

/** 20,000 keys at 100,000 events per second: a window of 400 ms has 40,000 events, about two of each key. */
const KEYS = 'keys=20000';
const SIZE = 'size=400';
const SLIDING = `${SIZE},slide=80`;

/** Every operator, by a preset. */
const OPERATORS: readonly string[] = [
  `continuous-aggregation:${KEYS}`,
  `tumbling-incremental:${KEYS},${SIZE}`,
  `tumbling-holistic:${KEYS},${SIZE}`,
  `sliding-incremental:${KEYS},${SLIDING}`,
  `sliding-incremental:${KEYS},${SLIDING},panes=true`,
  `sliding-holistic:${KEYS},${SLIDING}`,
  `sliding-holistic:${KEYS},${SLIDING},panes=true`,
  `session-incremental:${KEYS},gap=400`,
  `session-holistic:${KEYS},gap=400`,
  `window-join:${KEYS},${SIZE}`,
  `interval-join:${KEYS},lower=-200,upper=200`,
  `continuous-join:${KEYS}`,
];

const ROUNDS = 3;
const OWN = { events: 300_000, warmUp: 300_000, secondsMax: 60, batchSize: 1000 };
/**
 * As many events as come in that time. On rocksdb the slower operators do not come to the end of a window in it: their rates have neither
 * firing nor dropping in them, and a state that is still small.
 */
const RATE = { events: 1_000_000, warmUp: 400_000, secondsMax: 1.5, batchSize: 1000 };

/**
 * Of every operator: what the pipeline itself costs per state operation, and how many events per second go through it over memory and
 * over rocksdb. An operation is a slot read, written, appended or removed, a scan begun, a slot found by one, or a window dropped.
 */
export async function* operatorFigures(): AsyncGenerator<Figure> {
  for (const workload of OPERATORS) {
    const cost = (backend: string): Run & { readonly kind: 'own-cost' } => ({ kind: 'own-cost', backend, workload, ...OWN });
    const costs = await inTurn(ROUNDS, [cost('null'), cost('memory')]);
    const perOperation = (name: string, at: number) =>
      figure(
        `${workload}, ${name}, per state operation`,
        'ns',
        costs.map((row) => row[at]!.nsPerOperation),
      );
    yield perOperation('pipeline on null (nothing is found, nothing fires)', 0);
    yield perOperation('pipeline with all answers at hand (all fires)', 1);
    yield figure(
      `${workload}, state operations per event`,
      '',
      costs.map((row) => row[1]!.operationsPerEvent),
    );
    const rate = (backend: string): Run & { readonly kind: 'rate' } => ({ kind: 'rate', backend, workload, ...RATE });
    const rates = await inTurn(ROUNDS, [rate('memory'), rate('rocksdb')]);
    for (const [at, backend] of ['memory', 'rocksdb'].entries()) {
      yield figure(
        `${workload} on ${backend}`,
        'events/s',
        rates.map((row) => 1e9 / row[at]!.wallNsPerEvent),
      );
    }
  }
}
