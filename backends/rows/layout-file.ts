/**
 * `layout.json` in a checkpoint's directory: which backend made it, of which tables, and how far each list's sequence had
 * counted. It is what tells a checkpoint of other tables from a damaged one before any row is read.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BackendError, type CheckpointFile, type TableSpec } from '../contract.ts';
import type { FileCheck } from './checked-copy.ts';

const FILE = 'layout.json';
const FORMAT = 1;

const layoutSchema = z.strictObject({
  format: z.literal(FORMAT),
  backend: z.string(),
  tables: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(['value', 'list']),
      keyBytes: z.int(),
      groupBytes: z.int(),
      valueBytes: z.int(),
    }),
  ),
  sequences: z.record(z.string(), z.int().nonnegative()),
  files: z.record(z.string(), z.strictObject({ bytes: z.int().nonnegative(), crc32: z.int().nonnegative() })),
});

/** What a checkpoint says of itself. */
export interface Layout {
  /** Name of the backend that made the checkpoint. */
  readonly backend: string;
  /** Sorted by name: a table's place in this order is its number, in row files and in prefixes. */
  readonly tables: readonly TableSpec[];
  /** By name of a list table, the number its next element gets. */
  readonly sequences: Readonly<Record<string, number>>;
  /** By path in the checkpoint, the files that do not check themselves; empty if all do. */
  readonly files: Readonly<Record<string, FileCheck>>;
}

/** The tables in the order that numbers them, whatever order they were asked for in. */
export function numberedTables(tables: readonly TableSpec[]): readonly TableSpec[] {
  return [...tables].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Writes the layout into a checkpoint's directory and returns the file to list among the checkpoint's. */
export async function writeLayout(directory: string, { backend, tables, sequences, files }: Layout): Promise<CheckpointFile> {
  const layout = {
    format: FORMAT,
    backend,
    tables: numberedTables(tables).map(({ name, kind, keyBytes, groupBytes, valueBytes }) => ({
      name,
      kind,
      keyBytes,
      groupBytes,
      valueBytes,
    })),
    sequences,
    files,
  };
  await writeFile(join(directory, FILE), `${JSON.stringify(layout, null, 2)}\n`);
  return { path: FILE, immutable: false };
}

/**
 * Reads the layout of a checkpoint, of whatever backend and tables it is.
 * @throws BackendError `damaged` if the file is missing, is no layout, or is of a format this version does not know.
 */
export async function readLayout(directory: string): Promise<Layout> {
  const path = join(directory, FILE);
  try {
    const layout = layoutSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    const uncounted = layout.tables.find(({ kind, name }) => kind === 'list' && layout.sequences[name] === undefined);
    if (uncounted !== undefined) throw new Error(`list table '${uncounted.name}' has no sequence`);
    return { ...layout, tables: numberedTables(layout.tables) };
  } catch (cause) {
    throw new BackendError('damaged', `${path} is missing or is no layout of format ${FORMAT}: restore another checkpoint`, { cause });
  }
}

/**
 * {@link readLayout} for a restore: the checkpoint has to be this backend's and to hold exactly these tables.
 * @throws BackendError `wrong-layout` naming what differs, or `damaged`.
 */
export async function verifyLayout(directory: string, backend: string, tables: readonly TableSpec[]): Promise<Layout> {
  const layout = await readLayout(directory);
  if (layout.backend !== backend) {
    throw new BackendError(
      'wrong-layout',
      `the checkpoint in ${directory} was made by '${layout.backend}': restore it with that, not '${backend}'`,
    );
  }
  const asked = numberedTables(tables).map(describeTable);
  const held = layout.tables.map(describeTable);
  if (asked.join() !== held.join()) {
    const only = (these: string[], those: string[]) => these.filter((table) => !those.includes(table)).join('; ') || 'nothing else';
    throw new BackendError(
      'wrong-layout',
      `the checkpoint in ${directory} has other tables: it holds ${only(held, asked)}, asked for was ${only(asked, held)}. Open it with the workload and settings that made it`,
    );
  }
  return layout;
}

function describeTable({ name, kind, keyBytes, groupBytes, valueBytes }: TableSpec): string {
  return `${kind} table '${name}' (keyBytes ${keyBytes}, groupBytes ${groupBytes}, valueBytes ${valueBytes})`;
}
