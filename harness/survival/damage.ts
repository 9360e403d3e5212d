import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { CheckpointSpace } from '../../backends/checkpoints/contract.ts';

/** What can become of a checkpoint's files on a disk. */
export const DAMAGES = [
  'cut to nothing',
  'cut to one byte',
  'cut in half',
  'without its last byte',
  'with a flipped bit',
  'with a page of zeros',
  'missing',
  'swapped',
  'with the manifest of the one before',
  'with a file too many',
] as const;
export type Damage = (typeof DAMAGES)[number];

const MANIFEST = 'manifest.json';
const PAGE_BYTES = 4096;
/** An empty file becomes one with something in it. */
const NOISE_BYTES_MIN = 64;

/**
 * Damages a published checkpoint of the `filesystem` storage. Files are replaced, not written into, so that a file which other
 * checkpoints hold by a hard link stays whole for them. What would change nothing, such as zeros over zeros, becomes a flipped bit.
 * @param directory the checkpoint's.
 * @param before the directory of the checkpoint before it, which is left alone.
 * @returns what was done, for a message.
 */
export async function damageCheckpoint(directory: string, before: string, damage: Damage, random: () => number): Promise<string> {
  const files = await filesOf(directory);
  const file = files[Math.floor(random() * files.length)]!;
  const path = join(directory, file);
  const bytes = await readFile(path);
  if (damage === 'missing') await rm(path);
  else if (damage === 'with a file too many') await writeFile(join(directory, 'stranger'), 'x');
  else if (damage === 'with the manifest of the one before') {
    const [own, other] = await Promise.all([directory, before].map((of) => readFile(join(of, MANIFEST))));
    await replace(join(directory, MANIFEST), other!.equals(own!) ? flipped(own!, random) : other!);
  } else if (damage === 'swapped') {
    const other = files[(files.indexOf(file) + 1) % files.length]!;
    const otherBytes = await readFile(join(directory, other));
    await replace(join(directory, other), bytes);
    await replace(path, otherBytes.equals(bytes) ? flipped(bytes, random) : otherBytes);
  } else {
    const changed = CHANGES[damage](bytes, random);
    await replace(path, changed.equals(bytes) ? flipped(bytes, random) : changed);
  }
  return `${file} ${damage}`;
}

/**
 * Publishes a checkpoint anew with noise in place of one of its files: its storage vouches for every byte, and no backend can
 * restore it.
 * @returns what was done, for a message.
 */
export async function republishNoise(space: CheckpointSpace, id: number, random: () => number): Promise<string> {
  const { directory, backend, position } = await space.open(id);
  const files = (await filesOf(directory)).filter((file) => file !== MANIFEST);
  const file = files[Math.floor(random() * files.length)]!;
  const draft = await space.draft(id);
  await cp(directory, draft.directory, { recursive: true, filter: (path) => basename(path) !== MANIFEST });
  const noise = Buffer.alloc(Math.max(NOISE_BYTES_MIN, (await readFile(join(directory, file))).length));
  for (let at = 0; at < noise.length; at++) noise[at] = Math.floor(random() * 256);
  await writeFile(join(draft.directory, file), noise);
  await space.remove(id);
  await space.publish(
    draft,
    files.map((path) => ({ path, immutable: false })),
    { backend, position },
  );
  return `${file} published as noise`;
}

type Change = (bytes: Buffer, random: () => number) => Buffer;

const CHANGES: Readonly<
  Record<Exclude<Damage, 'missing' | 'swapped' | 'with a file too many' | 'with the manifest of the one before'>, Change>
> = {
  'cut to nothing': () => Buffer.alloc(0),
  'cut to one byte': (bytes) => bytes.subarray(0, 1),
  'cut in half': (bytes) => bytes.subarray(0, bytes.length >> 1),
  'without its last byte': (bytes) => bytes.subarray(0, -1),
  'with a flipped bit': flipped,
  'with a page of zeros': (bytes, random) => {
    const page = Math.floor((random() * bytes.length) / PAGE_BYTES) * PAGE_BYTES;
    return Buffer.from(bytes).fill(0, page, Math.min(page + PAGE_BYTES, bytes.length));
  },
};

/** An empty file has no bit to flip: it gets a byte. */
function flipped(bytes: Buffer, random: () => number): Buffer {
  if (bytes.length === 0) return Buffer.from([0]);
  const changed = Buffer.from(bytes);
  changed[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
  return changed;
}

async function replace(path: string, bytes: Buffer): Promise<void> {
  await writeFile(`${path}~`, bytes);
  await rename(`${path}~`, path);
}

async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => relative(directory, join(entry.parentPath, entry.name)));
  return files.sort();
}
