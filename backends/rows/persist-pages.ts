/** Persists the pages of a cut from the store's data file as a segment of its chain. Needs only files. */
import type { Persisted } from '../contract.ts';
import { type PagesCut, writePages } from './page-segments.ts';
import { type SavedChain, SegmentChain, type SegmentRequest } from './segment-chain.ts';

export interface PagesInput extends SegmentRequest {
  readonly chain: SavedChain;
  readonly cut: PagesCut;
}

export default async function persistPages({ chain: saved, cut, ...request }: PagesInput): Promise<Persisted<SavedChain>> {
  const chain = SegmentChain.of(saved);
  const files = await chain.persist(request, (writer) => writePages(writer, cut));
  return { files, kept: chain.save() };
}
