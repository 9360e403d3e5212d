/**
 * Packs: files of a checkpoint one behind the other in one HDFS file, since there every file costs as much as megabytes do.
 *
 * The pack under a checkpoint's own name ends with the manifest and a trailer of a fixed width that tells the manifest's
 * length, so that what is written last is what makes it one. The manifest says where each file lies, in which pack.
 */
import { z } from 'zod';
import { CheckpointError } from '../contract.ts';
import { type ManifestFile, manifestFileSchema, manifestSchema, manifestText, parseManifestAs } from '../manifest.ts';

/** `7`, the pack of checkpoint 7's own; `7.2`, one more that was written for it. */
export const PACK_KEY = /^\d+(?:\.\d+)?$/;

const packedFileSchema = manifestFileSchema.extend({ pack: z.string().regex(PACK_KEY), offset: z.int().nonnegative() });

const packedManifestSchema = manifestSchema.extend({
  job: z.string(),
  /** Bytes of files in each pack that is referred to, by its key. */
  packs: z.record(z.string().regex(PACK_KEY), z.int().nonnegative()),
  files: z.array(packedFileSchema),
});

export type PackedFile = z.infer<typeof packedFileSchema>;
export type PackedManifest = z.infer<typeof packedManifestSchema>;

const TRAILER = /^statebench-pack (\d{15})\n$/;
export const TRAILER_BYTES = 32;
/** As wide as any SHA-256. */
export const NO_SUM = '0'.repeat(64);

/** The end of a checkpoint's own pack: manifest and trailer. */
export function packEnd(manifest: PackedManifest): Buffer {
  const text = Buffer.from(manifestText(manifest));
  return Buffer.concat([text, Buffer.from(`statebench-pack ${String(text.length).padStart(15, '0')}\n`)]);
}

/** Bytes of the manifest that a trailer tells of; null if it is none. */
export function manifestBytes(trailer: Buffer): number | null {
  const bytes = TRAILER.exec(trailer.toString('latin1'))?.[1];
  return bytes === undefined ? null : Number(bytes);
}

/** @throws CheckpointError `damaged` or `foreign`, naming `where`. */
export function parsePackedManifest(text: string, where: string): PackedManifest {
  const manifest = parseManifestAs(packedManifestSchema, text, where);
  for (const { path, pack, offset, bytes } of manifest.files) {
    const held = manifest.packs[pack];
    if (held === undefined || offset + bytes > held)
      throw new CheckpointError('damaged', `${where} says that '${path}' is in pack ${pack}, where it cannot be`);
  }
  return manifest;
}

/** A file that has to be written. */
export interface FreshFile extends Pick<ManifestFile, 'path' | 'bytes' | 'immutable'> {
  /** What tells the file apart from any other that ever was under its name. */
  readonly identity: string;
}

/** More than this is divided, to be sent on several connections at once. */
const PACK_BYTES_MIN = 32 * 2 ** 20;

/** Divides files among packs of about one size. There is always one, if an empty one. */
export function dividePacks(files: readonly FreshFile[], packsMax: number): FreshFile[][] {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const count = Math.max(1, Math.min(packsMax, files.length, Math.floor(total / PACK_BYTES_MIN)));
  const packs = Array.from({ length: count }, () => ({ bytes: 0, files: [] as FreshFile[] }));
  for (const file of files.toSorted((a, b) => b.bytes - a.bytes)) {
    const least = packs.reduce((best, pack) => (pack.bytes < best.bytes ? pack : best));
    least.bytes += file.bytes;
    least.files.push(file);
  }
  return packs.map((pack) => pack.files);
}

/** A stretch of one pack that is read at once. */
export interface Stretch {
  readonly pack: string;
  readonly offset: number;
  readonly bytes: number;
  /** In the order they lie in; no two share a byte. */
  readonly files: readonly PackedFile[];
}

/** What is read over to get two files at once: a request takes as long. */
const GAP_BYTES_MAX = 2 ** 20;
const STRETCH_BYTES_MAX = 32 * 2 ** 20;

/** How files are read: neighbours at once, but no more than can be divided well. Empty files lie nowhere and are in no stretch. */
export function stretchesOf(files: readonly PackedFile[]): Stretch[] {
  const stretches: { pack: string; offset: number; bytes: number; files: PackedFile[] }[] = [];
  const ordered = files
    .filter(({ bytes }) => bytes > 0)
    .toSorted((a, b) => (a.pack === b.pack ? a.offset - b.offset : a.pack < b.pack ? -1 : 1));
  for (const file of ordered) {
    const last = stretches.at(-1);
    const end = last === undefined ? 0 : last.offset + last.bytes;
    const follows = last?.pack === file.pack && file.offset >= end && file.offset - end <= GAP_BYTES_MAX;
    const bytes = last === undefined ? 0 : file.offset + file.bytes - last.offset;
    if (last !== undefined && follows && bytes <= STRETCH_BYTES_MAX) {
      last.files.push(file);
      last.bytes = bytes;
    } else stretches.push({ pack: file.pack, offset: file.offset, bytes: file.bytes, files: [file] });
  }
  // The longest first, so that the last to end is a short one.
  return stretches.sort((a, b) => b.bytes - a.bytes);
}
