/**
 * Records in segments: a chunk holds records of one kind, each its number, its word 0 and, unless that says that the
 * record is free, what follows. Numbers never change while a record is in use, so a later record of a number supersedes
 * an earlier one.
 */
import { BackendError } from '../contract.ts';
import type { Chunk, SegmentWriter } from '../rows/segment-file.ts';
import type { RecordPages, RecordsCut } from './record-pages.ts';

/** Records of one kind as a checkpoint keeps them. */
export interface Stored {
  readonly records: RecordPages;
  /** Words of a record that count, by its word 0; never more than `records.recordWords`. */
  readonly wordsOf: (first: number) => number;
}

const CHUNK_WORDS = 1 << 16;

/**
 * Writes a cut down, a chunk at a time, so that events go on in between, and lets go of each page at once.
 * @param part names the kind of records.
 * @returns the number of records written.
 */
export async function writeRecords(writer: SegmentWriter, part: number, { records, wordsOf }: Stored, cut: RecordsCut): Promise<number> {
  const { shift, mask, recordWords } = records;
  const chunk = new Uint32Array(Math.max(CHUNK_WORDS, 1 + recordWords));
  let used = 0;
  let written = 0;
  const flush = async (): Promise<void> => {
    await writer.chunk(part, 0, new Uint8Array(chunk.buffer, 0, used * 4));
    used = 0;
  };
  for (let number = 0; number < cut.pages.length; number++) {
    const page = cut.pages[number];
    if (page === null || page === undefined) continue;
    for (let slot = 0; slot <= mask; slot++) {
      const record = (number << shift) | slot;
      const first = page[slot * recordWords] ?? 0; // a page given back has no words
      if (cut.all ? first === 0 : ((cut.marks[record >>> 5] as number) & (1 << (record & 31))) === 0) continue;
      if (used + 1 + recordWords > chunk.length) await flush();
      chunk[used++] = record;
      const words = first === 0 ? 1 : wordsOf(first);
      const base = slot * recordWords;
      if (first === 0) chunk[used] = 0;
      else for (let i = 0; i < words; i++) chunk[used + i] = page[base + i] as number;
      used += words;
      written++;
    }
    records.letGo(cut, number);
  }
  if (used > 0) await flush();
  return written;
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
