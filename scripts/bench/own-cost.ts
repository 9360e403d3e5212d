import type { StateBackend, StateStore } from '../../backends/contract.ts';
import type { Workload } from '../../workloads/contract.ts';
import { rateOver, type Shape, withStore } from './pipeline-rate.ts';
import { operationsIn, RecordedStore } from './recorded-store.ts';

/** What the pipeline itself costs, and how many state operations it is divided by. */
export interface OwnCost {
  readonly nsPerEvent: number;
  readonly operationsPerEvent: number;
  readonly nsPerOperation: number;
}

/**
 * What a workload costs where the store costs nothing: the CPU time of a timed run without the making of events, over the state
 * operations that an untimed run of the same events was counted to make.
 *
 * On the null backend nothing is ever found, so nothing fires. For any other, which has to answer at once, the timed run is given the
 * answers of the untimed one instead of a store: everything fires.
 */
export async function ownCost(backend: StateBackend, workload: Workload, shape: Omit<Shape, 'secondsMax'>): Promise<OwnCost> {
  const whole = { ...shape, secondsMax: Number.POSITIVE_INFINITY };
  const recorded = new RecordedStore();
  let before = 0;
  const counted = await withStore(backend, workload, (store) =>
    rateOver(recorded.recording(store), workload, whole, () => {
      before = operationsIn(recorded.counts);
    }),
  );
  const operationsPerEvent = (operationsIn(recorded.counts) - before) / shape.events;
  const timed = (store: StateStore) => rateOver(store, workload, whole);
  const { nsPerEvent, output } = backend.name === 'null' ? await withStore(backend, workload, timed) : await timed(recorded.replaying());
  if (output !== counted.output) throw new RangeError(`${workload.name}: the timed run gave other rows than the one that was counted`);
  return { nsPerEvent, operationsPerEvent, nsPerOperation: nsPerEvent / operationsPerEvent };
}
