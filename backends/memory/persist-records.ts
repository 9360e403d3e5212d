/** Persists records of a cut, which the stream's thread copies out of its pages, as a segment of the store's chain. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Persisted, PersistPiece } from '../contract.ts';
import { type SavedChain, SegmentChain, type SegmentRequest } from '../rows/segment-chain.ts';

export interface RecordsInput extends SegmentRequest {
  readonly chain: SavedChain;
}

export default async function persistRecords(
  { chain: saved, ...request }: RecordsInput,
  feed: AsyncIterable<PersistPiece> | Iterable<PersistPiece>,
): Promise<Persisted<SavedChain>> {
  const chain = SegmentChain.of(saved);
  const files = await chain.persist(request, async (writer) => {
    let total = 0;
    for await (const { part, entries, bytes } of feed) {
      if (bytes.length === 0) await nextTurn();
      else await writer.chunk(part, 0, bytes);
      total += entries;
    }
    return total;
  });
  return { files, kept: chain.save() };
}
