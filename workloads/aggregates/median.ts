/** The median of a window's numbers: the middle one, or the mean of the two middle ones. */
import type { HolisticAggregate } from '../contract.ts';
import { gatherValues } from './gather-values.ts';
import { withPayload } from './list-payloads.ts';

/** Of the values of events that carry `inputWidth` doubles, the value first. Reorders the elements it is given; allocates nothing. */
export function median(inputWidth: number): HolisticAggregate {
  return withPayload({
    kind: 'holistic',
    name: 'median',
    parameters: {},
    inputWidth,
    columns: ['count', 'median'],
    reduce(elements, count, results, resultsAt) {
      gatherValues(elements, count, inputWidth);
      const middle = count >>> 1;
      const upper = select(elements, count, middle);
      results[resultsAt] = count;
      results[resultsAt + 1] = count % 2 === 1 ? upper : (largest(elements, middle) + upper) / 2;
    },
  });
}

/**
 * The element that would be at `wanted` if the first `count` were sorted; those before it are no greater afterwards. Hoare's
 * FIND (1961) with the median of three as pivot, so that runs already in order do not cost the square.
 */
function select(elements: Float64Array, count: number, wanted: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = medianOfThree(elements[low]!, elements[(low + high) >>> 1]!, elements[high]!);
    let left = low;
    let right = high;
    while (left <= right) {
      while (elements[left]! < pivot) left++;
      while (elements[right]! > pivot) right--;
      if (left > right) break;
      const swapped = elements[left]!;
      elements[left++] = elements[right]!;
      elements[right--] = swapped;
    }
    if (wanted <= right) high = right;
    else if (wanted >= left) low = left;
    else break;
  }
  return elements[wanted]!;
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

function largest(elements: Float64Array, count: number): number {
  let result = elements[0]!;
  for (let i = 1; i < count; i++) if (elements[i]! > result) result = elements[i]!;
  return result;
}
