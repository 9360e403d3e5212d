/**
 * A store's one data file in segments, by pages: a chunk of part 0 holds pages from number `first` on, one of part 1
 * says of how many pages the file consists. Pages that no chunk holds are ones that the store does not use.
 */
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { BackendError } from '../contract.ts';
import type { FileCheck } from './checked-copy.ts';
import type { SegmentChain } from './segment-chain.ts';
import type { SegmentWriter } from './segment-file.ts';

const PAGES = 0;
const LENGTH = 1;
/** Pages written with one call of the system. Events go on meanwhile, and every call is waited for until they let the event loop turn. */
const GROUP_BYTES = 1 << 20;
/** Fewer are read at once, without waiting: they are scattered, were written lately, and so are in memory. */
const LONG_RUN_BYTES = 1 << 16;

/** The pages of a cut. */
export interface PagesCut {
  /** The store's data file; the pages in question do not change while they are written down. */
  readonly file: string;
  readonly pageBytes: number;
  /** Pages that the file consists of. */
  readonly count: number;
  /** Numbers of the pages to write down, from 0; null for all. */
  readonly changed: Iterable<number> | null;
  /** The first pages as they were at the cut, if they may be others by now. */
  readonly head: Uint8Array;
}

/** Writes a cut's pages down. @returns how many. */
export async function writePages(writer: SegmentWriter, { file, pageBytes, count, changed, head }: PagesCut): Promise<number> {
  const headPages = head.length / pageBytes;
  const numbers = changed === null ? null : Uint32Array.from(changed).sort();
  const total = numbers === null ? count : numbers.length;
  const pageAt = (i: number): number => (numbers === null ? i : (numbers[i] as number));
  const arena = Buffer.allocUnsafeSlow(Math.floor(GROUP_BYTES / pageBytes) * pageBytes);
  await using source = await open(file);
  await writer.chunk(LENGTH, count, new Uint8Array(0));
  let written = headPages;
  if (headPages > 0) await writer.chunk(PAGES, 0, head);
  for (let i = 0; i < total; ) {
    const runs: { first: number; bytes: Buffer }[] = [];
    const reads: Promise<void>[] = [];
    for (let used = 0; i < total && used < arena.length; ) {
      const first = pageAt(i);
      if (first < headPages || first >= count) {
        i++;
        continue;
      }
      let run = 1;
      while (i + run < total && pageAt(i + run) === first + run && first + run < count && used + run * pageBytes < arena.length) run++;
      const bytes = arena.subarray(used, used + run * pageBytes);
      if (bytes.length >= LONG_RUN_BYTES) reads.push(readAll(source, bytes, first * pageBytes));
      else readAtOnce(source.fd, bytes, first * pageBytes);
      runs.push({ first, bytes });
      used += bytes.length;
      written += run;
      i += run;
    }
    await Promise.all(reads);
    await writer.chunks(PAGES, runs);
  }
  return written;
}

/** Makes the data file of a checkpoint in the new file `to`, and lets the chain go on from there. */
export async function restorePages(
  chain: SegmentChain,
  from: string,
  checks: Readonly<Record<string, FileCheck>>,
  { to, pageBytes }: { readonly to: string; readonly pageBytes: number },
): Promise<void> {
  await using file = await open(to, 'wx');
  await chain.import(from, checks, async ({ part, first, bytes }, path) => {
    if (part === LENGTH) await file.truncate(first * pageBytes);
    else if (part === PAGES && bytes.length % pageBytes === 0) await writeAll(file, bytes, first * pageBytes);
    else throw new BackendError('damaged', `${path} holds no pages of ${pageBytes} bytes: restore another checkpoint`);
    return bytes.length / pageBytes;
  });
}

function readAtOnce(file: number, into: Buffer, at: number): void {
  for (let got = 0; got < into.length; ) {
    const bytesRead = readSync(file, into, got, into.length - got, at + got);
    if (bytesRead === 0) throw endsAt(at + got);
    got += bytesRead;
  }
}

function endsAt(byte: number): Error {
  return new Error(`the data file ends at byte ${byte}, amid a page of the cut`);
}

async function readAll(file: FileHandle, into: Buffer, at: number): Promise<void> {
  for (let got = 0; got < into.length; ) {
    const { bytesRead } = await file.read(into, got, into.length - got, at + got);
    if (bytesRead === 0) throw endsAt(at + got);
    got += bytesRead;
  }
}

async function writeAll(file: FileHandle, from: Buffer, at: number): Promise<void> {
  for (let put = 0; put < from.length; ) put += (await file.write(from, put, from.length - put, at + put)).bytesWritten;
}
