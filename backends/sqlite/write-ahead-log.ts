/**
 * SQLite's write-ahead log, moved into the database file by us and not by SQLite: so we see, before it is gone, which
 * pages it changes. Its format is that of https://sqlite.org/fileformat2.html#the_write_ahead_log.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { z } from 'zod';
import { BackendError } from '../contract.ts';

const HEAD_BYTES = 32;
const FRAME_HEAD_BYTES = 24;

export class WriteAheadLog {
  readonly #database: Database;
  readonly #file: string;
  readonly #pageBytes: number;
  readonly #lengthMax: number;
  #log: number | undefined;
  #changed = new Set<number>();
  #held = false;

  /**
   * Takes the moving of the log over.
   * @param file the database file.
   * @param lengthMax bytes of the log at which {@link moveIfLong} moves it.
   */
  constructor(database: Database, file: string, pageBytes: number, lengthMax: number) {
    this.#database = database;
    this.#file = file;
    this.#pageBytes = pageBytes;
    this.#lengthMax = lengthMax;
    database.pragma('wal_autocheckpoint = 0');
  }

  /** To be called after every change. */
  moveIfLong(): void {
    if (this.#held) return;
    // SQLite makes the log with its first change, and keeps it until it is closed.
    this.#log ??= openSync(`${this.#file}-wal`, 'r');
    if (fstatSync(this.#log).size >= this.#lengthMax) this.#move();
  }

  /** Moves the log and keeps what follows in it until {@link release}. */
  hold(): void {
    this.#move();
    this.#held = true;
  }

  release(): void {
    this.#held = false;
  }

  /** Pages changed in the database file, numbered from 0, since it was last asked for; told once. */
  takeChanged(): ReadonlySet<number> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** Tells pages again that were taken for nothing. */
  putBack(changed: Iterable<number>): void {
    for (const page of changed) this.#changed.add(page);
  }

  /** How many pages the next {@link takeChanged} tells. */
  get changed(): number {
    return this.#changed.size;
  }

  close(): void {
    if (this.#log !== undefined) closeSync(this.#log);
  }

  #move(): void {
    this.#noteChanged();
    const [moved] = movedSchema.parse(this.#database.pragma('wal_checkpoint(truncate)'));
    if (moved.busy !== 0)
      throw new BackendError('refused', `SQLite could not move its log into ${this.#file}: is another program using it?`);
  }

  /** Every frame of the log is one page. Frames of a transaction that was rolled back count too: that tells too much, not too little. */
  #noteChanged(): void {
    const path = `${this.#file}-wal`;
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size === 0) return;
    this.#log ??= openSync(path, 'r');
    const page = Buffer.alloc(4);
    for (let at = HEAD_BYTES; at + FRAME_HEAD_BYTES + this.#pageBytes <= size; at += FRAME_HEAD_BYTES + this.#pageBytes) {
      readSync(this.#log, page, 0, 4, at);
      this.#changed.add(page.readUInt32BE() - 1);
    }
  }
}

const movedSchema = z.tuple([z.object({ busy: z.int() })]);
