import type { StateBatch } from '../../backends/contract.ts';
import type { IncrementalAggregate } from '../../workloads/contract.ts';
import type { KeyIndex } from './key-index.ts';
import type { GatheredPanes } from './pane-firing.ts';

/** The accumulators of a window's panes, merged. Grows to the largest window, and stays so. */
export class MergedPanes implements GatheredPanes {
  readonly #aggregate: IncrementalAggregate;
  #accumulators: Float64Array;

  constructor(aggregate: IncrementalAggregate) {
    this.#aggregate = aggregate;
    this.#accumulators = new Float64Array(256 * aggregate.accumulatorWidth);
  }

  gather(batch: StateBatch, keys: KeyIndex): void {
    const width = this.#aggregate.accumulatorWidth;
    const strideWords = batch.addressStride >>> 2;
    for (let slot = 0; slot < batch.length; slot++) {
      const known = keys.count;
      const key = keys.number(batch.addressWords, slot * strideWords + 2);
      if (key < known) this.#aggregate.merge(this.#accumulators, key, batch.valueDoubles, slot);
      else {
        if ((key + 1) * width > this.#accumulators.length) {
          const grown = new Float64Array(this.#accumulators.length * 2);
          grown.set(this.#accumulators);
          this.#accumulators = grown;
        }
        // As a whole, which moves bytes: an accumulator's doubles may be NaNs of any kind.
        this.#accumulators.set(batch.valueDoubles.subarray(slot * width, (slot + 1) * width), key * width);
      }
    }
  }

  results(from: number, count: number, numbers: Float64Array): void {
    this.#aggregate.emit(this.#accumulators, from, count, numbers, 0);
  }
}
