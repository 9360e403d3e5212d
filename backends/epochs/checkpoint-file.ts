/**
 * The file of a checkpoint by epochs, `epochs.json`, beside the layout that checks it: where the state lies, and what of
 * what lies there is the checkpoint's. The state itself stays in the server, so copies of the file restore as well, and
 * so does the file alone, but not without the server.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { BackendError, type CheckpointFile, type TableSpec } from '../contract.ts';
import { verifyLayout, writeLayout } from '../rows/layout-file.ts';
import { cutSchema } from './cuts.ts';
import { savedWindowsSchema } from './window-ids.ts';

const FILE = 'epochs.json';

const fileSchema = z.strictObject({
  namespace: z.string().min(1),
  cut: cutSchema,
  /** By number of a table. */
  windows: z.array(savedWindowsSchema).readonly(),
  /** What else the backend has to know of the namespace, such as how its rows are divided. */
  facts: z.record(z.string(), z.union([z.string(), z.number()])),
});

export type EpochCheckpoint = Readonly<z.infer<typeof fileSchema>>;

/** Writes a cut into a checkpoint's directory and says which files make it up. `tables` are in the order that numbers them. */
export async function writeEpochCheckpoint(
  directory: string,
  backend: string,
  tables: readonly TableSpec[],
  checkpoint: EpochCheckpoint,
): Promise<readonly CheckpointFile[]> {
  const bytes = Buffer.from(`${JSON.stringify(checkpoint)}\n`);
  await writeFile(join(directory, FILE), bytes);
  // An element's number is made of its epoch and a count that begins anew in each: there is nothing to go on from.
  const sequences = Object.fromEntries(tables.filter(({ kind }) => kind === 'list').map(({ name }) => [name, 0]));
  const layout = await writeLayout(directory, {
    backend,
    tables,
    sequences,
    files: { [FILE]: { bytes: bytes.length, crc32: crc32(bytes) } },
  });
  return [layout, { path: FILE, immutable: false }];
}

/**
 * Reads the cut of a checkpoint.
 * @throws BackendError `wrong-layout` if it is of other tables or another backend, `damaged` if it is not whole.
 */
export async function readEpochCheckpoint(
  directory: string,
  backend: string,
  tables: readonly TableSpec[],
): Promise<{ readonly checkpoint: EpochCheckpoint; readonly tables: readonly TableSpec[] }> {
  const layout = await verifyLayout(directory, backend, tables);
  const path = join(directory, FILE);
  try {
    const bytes = await readFile(path);
    const noted = layout.files[FILE];
    if (noted?.bytes !== bytes.length || noted.crc32 !== crc32(bytes)) throw new Error('it is not what was noted when it was written');
    const checkpoint = fileSchema.parse(JSON.parse(bytes.toString()));
    if (checkpoint.windows.length !== layout.tables.length) throw new Error('it is of another number of tables');
    return { checkpoint, tables: layout.tables };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackendError('damaged', `${path} is not whole (${reason}): restore another checkpoint`, { cause });
  }
}
