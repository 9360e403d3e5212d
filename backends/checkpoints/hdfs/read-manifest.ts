import { CheckpointError } from '../contract.ts';
import { manifestBytes, type PackedManifest, parsePackedManifest, TRAILER_BYTES } from './pack.ts';
import { readBytes } from './read-stretch.ts';
import type { FileStatus, WebHdfs } from './web-hdfs.ts';

/** A checkpoint's own pack, by its end. */
export interface FoundPack {
  readonly manifest: PackedManifest;
  /** Path of the pack. */
  readonly where: string;
  /** What was read of it, from `offset` to its end, with the manifest in it. */
  readonly tail: { readonly offset: number; readonly bytes: Buffer };
}

/** Read at once: most manifests, and small checkpoints as a whole. */
const TAIL_BYTES = 1 << 18;

/** @throws CheckpointError `damaged` or `foreign`, HdfsFailure */
export async function readPackedManifest(hdfs: WebHdfs, where: string, { type, length }: FileStatus): Promise<FoundPack> {
  if (type !== 'FILE' || length < TRAILER_BYTES)
    throw new CheckpointError('damaged', `${where}, a ${type.toLowerCase()} of ${length} bytes, is no whole checkpoint`);
  let tail = await readTail(hdfs, where, length, Math.min(length, TAIL_BYTES));
  const bytes = manifestBytes(tail.bytes.subarray(tail.bytes.length - TRAILER_BYTES));
  if (bytes === null || bytes + TRAILER_BYTES > length) throw new CheckpointError('damaged', `${where} does not end as a checkpoint does`);
  const end = bytes + TRAILER_BYTES;
  if (end > tail.bytes.length) tail = await readTail(hdfs, where, length, end);
  const at = tail.bytes.length - end;
  const manifest = parsePackedManifest(tail.bytes.toString('utf8', at, at + bytes), where);
  const held = manifest.packs[String(manifest.id)] ?? 0;
  if (held + end !== length) throw new CheckpointError('damaged', `${where} has ${length} bytes, but was published with ${held + end}`);
  return { manifest, where, tail };
}

/** @throws CheckpointError `damaged` if the file does not have these bytes */
async function readTail(hdfs: WebHdfs, where: string, length: number, bytes: number): Promise<FoundPack['tail']> {
  const offset = length - bytes;
  const tail = await readBytes(hdfs, where, { offset, bytes });
  if (tail.length !== bytes) throw new CheckpointError('damaged', `${where} ends before its ${length} bytes`);
  return { offset, bytes: tail };
}
