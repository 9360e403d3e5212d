/** The greatest values of a window. Exact: an accumulator is the count and the k greatest so far, in descending order. */
import type { IncrementalAggregate } from '../contract.ts';

/**
 * Of the values of events that carry `inputWidth` doubles, the value first. Duplicates are kept; places that nothing takes are 0.
 * @param k a positive integer
 */
export function topK(inputWidth: number, k: number): IncrementalAggregate {
  if (!Number.isSafeInteger(k) || k < 1) throw new RangeError(`k must be a positive integer, not ${k}`);
  const width = 1 + k;
  /** Puts `value` in its place among the `held` values that stand at `at`, and lets the last one go if there are k. */
  const insert = (accumulators: Float64Array, at: number, held: number, value: number): void => {
    let place = at + held;
    if (held === k && value <= accumulators[--place]!) return;
    for (; place > at && accumulators[place - 1]! < value; place--) accumulators[place] = accumulators[place - 1]!;
    accumulators[place] = value;
  };
  return {
    kind: 'incremental',
    name: 'top-k',
    parameters: { k },
    inputWidth,
    accumulatorWidth: width,
    columns: ['count', ...Array.from({ length: k }, (_, i) => `top${i + 1}`)],
    fold(accumulators, present, slots, slotsAt, events, from, count) {
      for (let i = 0, eventAt = from * inputWidth; i < count; i++, eventAt += inputWidth) {
        const slot = slots[slotsAt + i]!;
        const at = slot * width;
        if (present[slot] === 0) {
          present[slot] = 1;
          accumulators.fill(0, at, at + width);
        }
        const folded = accumulators[at]!;
        insert(accumulators, at + 1, Math.min(folded, k), events[eventAt]!);
        accumulators[at] = folded + 1;
      }
    },
    emit(accumulators, from, count, results, resultsAt) {
      const doubles = count * width;
      for (let i = 0; i < doubles; i++) results[resultsAt + i] = accumulators[from * width + i]!;
    },
    merge(target, into, source, from) {
      const to = into * width;
      const at = from * width;
      const more = Math.min(source[at]!, k);
      for (let i = 0; i < more; i++) insert(target, to + 1, Math.min(target[to]! + i, k), source[at + 1 + i]!);
      target[to] = target[to]! + source[at]!;
    },
  };
}
