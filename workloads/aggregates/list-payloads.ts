import { addHashes, elementHash, type HolisticAggregate, PAYLOAD_COLUMN } from '../contract.ts';
import { viewOver } from './double-bits.ts';

/** An aggregate over values alone, extended to elements that carry a payload: with the column `payload` after its own. */
export function withPayload(aggregate: HolisticAggregate): HolisticAggregate {
  const { inputWidth, columns } = aggregate;
  if (inputWidth === 1) return aggregate;
  const wordsOf = viewOver(({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, 2 * length));
  return {
    ...aggregate,
    columns: [...columns, PAYLOAD_COLUMN],
    reduce(elements, count, results, resultsAt) {
      // First: reducing overwrites the elements.
      const words = wordsOf(elements);
      let hash = 0;
      for (let i = 0; i < count; i++) hash = addHashes(hash, elementHash(words, 2 * i * inputWidth, inputWidth));
      results[resultsAt + columns.length] = hash;
      aggregate.reduce(elements, count, results, resultsAt);
    },
  };
}
