/**
 * Records in segments: a chunk holds records of one kind, each its number, its word 0 and, unless that says that the
 * record is free, what follows. Numbers never change while a record is in use, so a later record of a number supersedes
 * an earlier one.
 */
import { BackendError, type PersistPiece } from '../contract.ts';
import type { Chunk } from '../rows/segment-file.ts';
import type { RecordPages } from './record-pages.ts';
import type { RecordsCut } from './records-cut.ts';

/** Records of one kind as a checkpoint keeps them. */
export interface Stored {
  readonly records: RecordPages;
  /** Words of a record that count, by its word 0; never more than `records.recordWords`. */
  readonly wordsOf: (first: number) => number;
}

/** Copies cuts out of the pages, a chunk at a time, while events go on. An empty piece is a place to let them. */
export function* piecesOf(cuts: readonly RecordsCut[]): Generator<PersistPiece, void> {
  for (const [part, cut] of cuts.entries()) {
    let told = 0;
    for (const chunk of cut.chunks()) {
      const entries = chunk.length === 0 ? 0 : cut.count - told;
      told += entries;
      yield { part, entries, bytes: new Uint8Array(chunk.buffer as ArrayBuffer, 0, chunk.length * 4).slice() };
    }
  }
}

/**
 * Puts a chunk's records back. @returns how many they were.
 * @throws BackendError `damaged` if they are not records of this kind.
 */
export function applyRecords({ bytes }: Chunk, { records, wordsOf }: Stored, path: string): number {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));
  let count = 0;
  for (let at = 0; at < words.length; count++) {
    const first = words[at + 1];
    const length = first === undefined ? Number.NaN : first === 0 ? 1 : wordsOf(first);
    if (!(length <= records.recordWords && at + 1 + length <= words.length)) {
      throw new BackendError('damaged', `${path} holds records of other tables: restore another checkpoint`);
    }
    records.put(words[at] as number, words, at + 1, length);
    at += 1 + length;
  }
  return count;
}
