/** Persists a LevelDB database whose files a cut has linked: its table files, and what its logs have grown by. Needs only files. */
import type { Persisted } from '../contract.ts';
import { type FileCheck, sumFile } from '../rows/checked-copy.ts';
import { writeLayout } from '../rows/layout-file.ts';
import { exportDatabase, TableFileNames } from '../rows/linked-database.ts';
import type { DatabaseInput } from '../rows/persist-database.ts';
import { type CutLog, LogPieces, type SavedLogPieces } from './log-pieces.ts';

export interface LevelKept {
  /** Checksums of the table files in the newest checkpoint, by their names there. */
  readonly sums: ReadonlyMap<string, FileCheck>;
  readonly pieces: SavedLogPieces;
}

export interface LevelInput extends DatabaseInput, LevelKept {
  readonly logs: readonly CutLog[];
}

export default async function persistLevel({
  fixed,
  directory,
  names,
  layout,
  logs,
  ...before
}: LevelInput): Promise<Persisted<LevelKept>> {
  const sums = new Map<string, FileCheck>();
  const exported = await exportDatabase(fixed, directory, TableFileNames.of(names), async (path, name) => {
    const sum = before.sums.get(name) ?? (await sumFile(path));
    sums.set(name, sum);
    return sum;
  });
  const pieces = LogPieces.of(before.pieces);
  const exportedLogs = await pieces.export(logs, directory);
  const checks = { ...exported.checks, ...exportedLogs.checks };
  return {
    files: [await writeLayout(directory, { ...layout, files: checks }), ...exported.files, ...exportedLogs.files],
    kept: { sums, pieces: pieces.save() },
  };
}
