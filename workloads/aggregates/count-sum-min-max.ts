/** Count, sum, minimum and maximum, four doubles an accumulator: of values, and of earlier results, merged. */
import type { IncrementalAggregate } from '../contract.ts';

const WIDTH = 4;
const COLUMNS = ['count', 'sum', 'min', 'max'] as const;

function emit(accumulators: Float64Array, from: number, count: number, results: Float64Array, resultsAt: number): void {
  const doubles = count * WIDTH;
  const at = from * WIDTH;
  for (let i = 0; i < doubles; i++) results[resultsAt + i] = accumulators[at + i]!;
}

function merge(target: Float64Array, into: number, source: Float64Array, from: number): void {
  const to = into * WIDTH;
  const at = from * WIDTH;
  target[to] = target[to]! + source[at]!;
  target[to + 1] = target[to + 1]! + source[at + 1]!;
  if (source[at + 2]! < target[to + 2]!) target[to + 2] = source[at + 2]!;
  if (source[at + 3]! > target[to + 3]!) target[to + 3] = source[at + 3]!;
}

/** Of the values of events that carry `inputWidth` doubles, the value first. */
export function countSumMinMax(inputWidth: number): IncrementalAggregate {
  return {
    kind: 'incremental',
    name: 'count-sum-min-max',
    parameters: {},
    inputWidth,
    accumulatorWidth: WIDTH,
    columns: COLUMNS,
    fold(accumulators, present, slots, slotsAt, events, from, count) {
      for (let i = 0, eventAt = from * inputWidth; i < count; i++, eventAt += inputWidth) {
        const slot = slots[slotsAt + i]!;
        const value = events[eventAt]!;
        const at = slot * WIDTH;
        if (present[slot] === 0) {
          present[slot] = 1;
          accumulators[at] = 1;
          accumulators[at + 1] = value;
          accumulators[at + 2] = value;
          accumulators[at + 3] = value;
        } else {
          accumulators[at] = accumulators[at]! + 1;
          accumulators[at + 1] = accumulators[at + 1]! + value;
          if (value < accumulators[at + 2]!) accumulators[at + 2] = value;
          if (value > accumulators[at + 3]!) accumulators[at + 3] = value;
        }
      }
    },
    emit,
    merge,
  };
}

/** Of an earlier stage's results: counts and sums add up, so totals reconcile from stage to stage. */
export const mergedCountSumMinMax: IncrementalAggregate = {
  kind: 'incremental',
  name: 'count-sum-min-max',
  parameters: {},
  inputWidth: WIDTH,
  accumulatorWidth: WIDTH,
  columns: COLUMNS,
  fold(accumulators, present, slots, slotsAt, events, from, count) {
    for (let i = 0; i < count; i++) {
      const slot = slots[slotsAt + i]!;
      const eventAt = (from + i) * WIDTH;
      const at = slot * WIDTH;
      if (present[slot] === 0) {
        present[slot] = 1;
        accumulators[at] = events[eventAt]!;
        accumulators[at + 1] = events[eventAt + 1]!;
        accumulators[at + 2] = events[eventAt + 2]!;
        accumulators[at + 3] = events[eventAt + 3]!;
      } else {
        accumulators[at] = accumulators[at]! + events[eventAt]!;
        accumulators[at + 1] = accumulators[at + 1]! + events[eventAt + 1]!;
        if (events[eventAt + 2]! < accumulators[at + 2]!) accumulators[at + 2] = events[eventAt + 2]!;
        if (events[eventAt + 3]! > accumulators[at + 3]!) accumulators[at + 3] = events[eventAt + 3]!;
      }
    }
  },
  emit,
  merge,
};
