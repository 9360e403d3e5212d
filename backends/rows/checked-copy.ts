/**
 * Copying a store's file into a checkpoint and back, in chunks off the event loop, with a checksum that a restore
 * compares: a file cut short must never reach a store that maps it into memory.
 */
import { open, stat } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { BackendError } from '../contract.ts';

const CHUNK_BYTES = 1 << 20;
const NO_BYTES = new Uint8Array(0);

/** Length and CRC-32 (zlib's) of a file, as layout.json keeps them. */
export interface FileCheck {
  readonly bytes: number;
  readonly crc32: number;
}

/**
 * Copies the first `bytes` of `from` into the new file `to`, with `head` in place of what the first bytes are by now.
 * @throws if `to` exists, or `from` has fewer bytes.
 */
export function copyFirstBytes(from: string, to: string, bytes: number, head: Uint8Array = NO_BYTES): Promise<FileCheck> {
  return copyRange(from, to, head.length, bytes, head);
}

/**
 * Copies the bytes from `start` up to `end` of `from` into the new file `to`, behind `head`.
 * @throws if `to` exists, or `from` has fewer bytes.
 */
export async function copyRange(from: string, to: string, start: number, end: number, head: Uint8Array = NO_BYTES): Promise<FileCheck> {
  await using source = await open(from);
  await using target = await open(to, 'wx');
  await target.writeFile(head);
  let crc = crc32(head);
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let at = start; at < end; ) {
    const { bytesRead } = await source.read(chunk, 0, Math.min(chunk.length, end - at), at);
    if (bytesRead === 0) throw new Error(`${from} ends at byte ${at}, before ${end}`);
    const read = chunk.subarray(0, bytesRead);
    crc = crc32(read, crc);
    await target.writeFile(read);
    at += bytesRead;
  }
  return { bytes: head.length + end - start, crc32: crc };
}

/** Length and checksum of a file that nobody changes. */
export async function sumFile(path: string): Promise<FileCheck> {
  await using file = await open(path);
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let crc = 0;
  for (let bytes = 0; ; ) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, bytes);
    if (bytesRead === 0) return { bytes, crc32: crc };
    crc = crc32(chunk.subarray(0, bytesRead), crc);
    bytes += bytesRead;
  }
}

/** @throws BackendError `damaged` unless a file of a checkpoint is what was noted when it was written. */
export async function checkFile(path: string, check: FileCheck | undefined): Promise<void> {
  await checkLength(path, check);
  if ((await sumFile(path)).crc32 !== check?.crc32) throw wrongChecksum(path);
}

/**
 * Copies a file of a checkpoint to `to` and compares it with what was noted when it was written.
 * @throws BackendError `damaged` if it is missing, longer, shorter or other than it was.
 */
export async function copyChecked(from: string, to: string, check: FileCheck | undefined): Promise<void> {
  const bytes = await checkLength(from, check);
  // What fails from here on, a full disk say, is not the checkpoint's fault and keeps its own error.
  const copied = await copyFirstBytes(from, to, bytes);
  if (copied.crc32 !== check?.crc32) throw wrongChecksum(from);
}

async function checkLength(path: string, check: FileCheck | undefined): Promise<number> {
  if (check === undefined) throw new BackendError('damaged', `the layout beside ${path} does not list it: restore another checkpoint`);
  const held = await stat(path).catch((cause: unknown) => {
    throw new BackendError('damaged', `${path} is missing: restore another checkpoint`, { cause });
  });
  if (held.size === check.bytes) return check.bytes;
  throw new BackendError('damaged', `${path} has ${held.size} bytes, not ${check.bytes}: restore another checkpoint`);
}

function wrongChecksum(path: string): BackendError {
  return new BackendError('damaged', `${path} has a wrong checksum: restore another checkpoint`);
}
