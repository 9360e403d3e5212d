import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Bytes allocated to the files below a directory: blocks, not lengths, so that holes do not count; a file with several
 * names counts once. Files that vanish meanwhile are passed over.
 * @returns null where the platform does not tell blocks.
 */
export async function allocatedBytes(directory: string): Promise<number | null> {
  const seen = new Set<bigint>();
  let bytes = 0n;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const info = await stat(join(entry.parentPath, entry.name), { bigint: true }).catch(() => null);
    if (info === null) continue;
    if (typeof info.blocks !== 'bigint') return null;
    if (!seen.has(info.ino)) bytes += info.blocks * 512n;
    seen.add(info.ino);
  }
  return Number(bytes);
}
