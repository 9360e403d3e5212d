/** The mean of a window's values. Its accumulator is their count and their sum, so it is exact as long as the sum is. */
import type { IncrementalAggregate } from '../contract.ts';

const WIDTH = 2;

/** Of the values of events that carry `inputWidth` doubles, the value first. */
export function average(inputWidth: number): IncrementalAggregate {
  return {
    kind: 'incremental',
    name: 'average',
    parameters: {},
    inputWidth,
    accumulatorWidth: WIDTH,
    columns: ['count', 'average'],
    fold(accumulators, present, slots, slotsAt, events, from, count) {
      for (let i = 0, eventAt = from * inputWidth; i < count; i++, eventAt += inputWidth) {
        const slot = slots[slotsAt + i]!;
        const at = slot * WIDTH;
        if (present[slot] === 0) {
          present[slot] = 1;
          accumulators[at] = 1;
          accumulators[at + 1] = events[eventAt]!;
        } else {
          accumulators[at] = accumulators[at]! + 1;
          accumulators[at + 1] = accumulators[at + 1]! + events[eventAt]!;
        }
      }
    },
    emit(accumulators, from, count, results, resultsAt) {
      for (let i = 0; i < count; i++) {
        const at = (from + i) * WIDTH;
        results[resultsAt + 2 * i] = accumulators[at]!;
        results[resultsAt + 2 * i + 1] = accumulators[at + 1]! / accumulators[at]!;
      }
    },
    merge(target, into, source, from) {
      for (let i = 0; i < WIDTH; i++) target[into * WIDTH + i] = target[into * WIDTH + i]! + source[from * WIDTH + i]!;
    },
  };
}
