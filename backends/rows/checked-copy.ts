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
export async function copyFirstBytes(from: string, to: string, bytes: number, head: Uint8Array = NO_BYTES): Promise<FileCheck> {
  await using source = await open(from);
  await using target = await open(to, 'wx');
  await target.writeFile(head);
  let crc = crc32(head);
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let at = head.length; at < bytes; ) {
    const { bytesRead } = await source.read(chunk, 0, Math.min(chunk.length, bytes - at), at);
    if (bytesRead === 0) throw new Error(`${from} ends at byte ${at}, before ${bytes}`);
    const read = chunk.subarray(0, bytesRead);
    crc = crc32(read, crc);
    await target.writeFile(read);
    at += bytesRead;
  }
  return { bytes, crc32: crc };
}

/**
 * Copies a file of a checkpoint to `to` and compares it with what was noted when it was written.
 * @throws BackendError `damaged` if it is missing, longer, shorter or other than it was.
 */
export async function copyChecked(from: string, to: string, check: FileCheck | undefined): Promise<void> {
  if (check === undefined) throw new BackendError('damaged', `the layout beside ${from} does not list it: restore another checkpoint`);
  const held = await stat(from).catch((cause: unknown) => {
    throw new BackendError('damaged', `${from} is missing: restore another checkpoint`, { cause });
  });
  if (held.size !== check.bytes) {
    throw new BackendError('damaged', `${from} has ${held.size} bytes, not ${check.bytes}: restore another checkpoint`);
  }
  // What fails from here on, a full disk say, is not the checkpoint's fault and keeps its own error.
  const copied = await copyFirstBytes(from, to, check.bytes);
  if (copied.crc32 !== check.crc32) throw new BackendError('damaged', `${from} has a wrong checksum: restore another checkpoint`);
}
