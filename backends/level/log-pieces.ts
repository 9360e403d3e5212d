/**
 * LevelDB's logs in checkpoints. A log only grows, so every checkpoint adds what was written since the one before as a
 * file of its own, a piece, and refers to the older pieces: together they are the log as it was at the cut.
 */
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError, type CheckpointFile } from '../contract.ts';
import { checkFile, copyRange, type FileCheck } from '../rows/checked-copy.ts';
import { linkOrCopy } from '../rows/link-or-copy.ts';

/** A log at a cut: a name of it that outlasts the database's own, and its length then. */
export interface CutLog {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

export interface Piece {
  readonly path: string;
  readonly end: number;
  readonly check: FileCheck;
}

/** A {@link LogPieces} as plain data. */
export interface SavedLogPieces {
  readonly directory: string;
  readonly maker: string;
  readonly pieces: ReadonlyMap<string, readonly Piece[]>;
}

export class LogPieces {
  readonly #directory: string;
  /** Tells the logs of this store from those of any other with the same numbers. */
  readonly #maker: string;
  #pieces: ReadonlyMap<string, readonly Piece[]> = new Map();

  /** @param directory to keep pieces in; made when needed. */
  constructor(directory: string, maker = randomBytes(8).toString('hex')) {
    this.#directory = directory;
    this.#maker = maker;
  }

  static of({ directory, maker, pieces }: SavedLogPieces): LogPieces {
    const logs = new LogPieces(directory, maker);
    logs.#pieces = pieces;
    return logs;
  }

  save(): SavedLogPieces {
    return { directory: this.#directory, maker: this.#maker, pieces: this.#pieces };
  }

  /** Goes on from what a copy of these pieces has become by exporting them. */
  adopt({ pieces }: SavedLogPieces): void {
    this.#pieces = pieces;
  }

  /** Puts the logs of a cut into a checkpoint's directory; pieces of older logs are forgotten. */
  async export(logs: readonly CutLog[], target: string): Promise<{ files: CheckpointFile[]; checks: Record<string, FileCheck> }> {
    await mkdir(this.#directory, { recursive: true });
    const pieces = new Map<string, readonly Piece[]>();
    const files: CheckpointFile[] = [];
    const checks: Record<string, FileCheck> = {};
    for (const { name, path: log, bytes } of logs) {
      const known = this.#pieces.get(name) ?? [];
      const start = known.at(-1)?.end ?? 0;
      const own = bytes > start ? [...known, await this.#piece(log, name, start, bytes)] : known;
      pieces.set(name, own);
      for (const { path, check } of own) {
        await linkOrCopy(join(this.#directory, path), join(target, path));
        files.push({ path, immutable: true });
        checks[path] = check;
      }
    }
    const before = this.#pieces;
    this.#pieces = pieces;
    for (const [name, old] of before) {
      if (!pieces.has(name)) for (const { path } of old) await rm(join(this.#directory, path), { force: true });
    }
    return { files, checks };
  }

  async #piece(log: string, name: string, start: number, end: number): Promise<Piece> {
    const path = `${name.replace('.log', '')}-${this.#maker}-${String(start).padStart(12, '0')}.piece`;
    const to = join(this.#directory, path);
    await rm(to, { force: true }); // of a checkpoint that failed amid it
    return { path, end, check: await copyRange(log, to, start, end) };
  }
}

/**
 * Puts the logs of a checkpoint back together in a database's directory.
 * @throws BackendError `damaged` if a piece is missing or other than it was.
 */
export async function importLogs(from: string, checks: Readonly<Record<string, FileCheck>>, to: string): Promise<void> {
  const lengths = new Map<string, number>();
  for (const path of Object.keys(checks).sort()) {
    const [, number, start] = /^(\d+)-[0-9a-f]+-(\d+)\.piece$/.exec(path) ?? [];
    if (number === undefined) continue;
    await checkFile(join(from, path), checks[path]);
    const length = lengths.get(number) ?? 0;
    if (length !== Number(start))
      throw new BackendError('damaged', `${from} has no piece of a log before ${path}: restore another checkpoint`);
    const bytes = await readFile(join(from, path));
    await appendFile(join(to, `${number}.log`), bytes);
    lengths.set(number, length + bytes.length);
  }
}
