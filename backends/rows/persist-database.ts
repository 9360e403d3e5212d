/** Persists a database whose files a cut has linked. Needs only files. */
import type { Persisted } from '../contract.ts';
import { type Layout, writeLayout } from './layout-file.ts';
import { exportDatabase, type SavedTableFileNames, TableFileNames } from './linked-database.ts';

export interface DatabaseInput {
  /** The directory of links. */
  readonly fixed: string;
  /** The checkpoint's. */
  readonly directory: string;
  readonly names: SavedTableFileNames;
  readonly layout: Omit<Layout, 'files'>;
}

export default async function persistDatabase({ fixed, directory, names, layout }: DatabaseInput): Promise<Persisted<null>> {
  const { files, checks } = await exportDatabase(fixed, directory, TableFileNames.of(names));
  return { files: [await writeLayout(directory, { ...layout, files: checks }), ...files], kept: null };
}
