/** Persists the pages that transactions have changed since the chain's newest, read from LMDB's data file. Needs only files. */
import { closeSync, openSync } from 'node:fs';
import type { Persisted } from '../contract.ts';
import persistPages, { type PagesInput } from '../rows/persist-pages.ts';
import { type SavedChain, SegmentChain } from '../rows/segment-chain.ts';
import { changedPages, type LmdbMeta } from './changed-pages.ts';

export interface ChangedPagesInput extends Pick<PagesInput, 'chain' | 'directory' | 'layout'> {
  readonly file: string;
  readonly pageBytes: number;
  /** Pages that the file consists of. */
  readonly count: number;
  /** The meta pages as they were at the cut. */
  readonly head: Uint8Array;
  readonly meta: LmdbMeta;
  /** The newest transaction that the chain has. */
  readonly since: bigint;
}

export default async function persistChangedPages(input: ChangedPagesInput): Promise<Persisted<SavedChain>> {
  const { chain, file, pageBytes, count, head, directory, layout } = input;
  const { all, changed } = await toWrite(input);
  return persistPages({ chain, all, cut: { file, pageBytes, count, changed, head }, directory, layout });
}

/** The pages that changed since the chain's newest transaction or, if the chain needs that, all that are in use. */
async function toWrite({ chain: saved, file: path, pageBytes, count, meta, since }: ChangedPagesInput): Promise<{
  readonly all: boolean;
  readonly changed: readonly number[];
}> {
  const chain = SegmentChain.of(saved);
  const file = openSync(path, 'r');
  try {
    if (!chain.needsAll(count, 0)) {
      const changed = await changedPages(file, pageBytes, meta, since);
      if (!chain.needsAll(count, changed.length)) return { all: false, changed };
    }
    return { all: true, changed: await changedPages(file, pageBytes, meta, 0n) };
  } finally {
    closeSync(file);
  }
}
