/** How many different values a window has, counted exactly: every event of it has to be kept. */
import type { HolisticAggregate } from '../contract.ts';
import { gatherValues } from './gather-values.ts';
import { withPayload } from './list-payloads.ts';

/** Of the values of events that carry `inputWidth` doubles, the value first; −0 is 0. Reorders the elements it is given. */
export function exactDistinct(inputWidth: number): HolisticAggregate {
  return withPayload({
    kind: 'holistic',
    name: 'exact-distinct',
    parameters: {},
    inputWidth,
    columns: ['count', 'distinct'],
    reduce(elements, count, results, resultsAt) {
      gatherValues(elements, count, inputWidth);
      elements.subarray(0, count).sort();
      let distinct = 1;
      for (let i = 1; i < count; i++) if (elements[i] !== elements[i - 1]) distinct++;
      results[resultsAt] = count;
      results[resultsAt + 1] = distinct;
    },
  });
}
