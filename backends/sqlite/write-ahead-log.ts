/**
 * SQLite's write-ahead log, moved into the database file by us and not by SQLite: so we see, before it is gone, which
 * pages it changes. Its format is that of https://sqlite.org/fileformat2.html#the_write_ahead_log.
 *
 * A log that was moved begins again at the front of its file, over the frames of earlier rounds: which of them are of this
 * round is told by the salt in the log's head and in every frame. Cutting the file off instead would make SQLite get its
 * room from the file system anew every time.
 */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { z } from 'zod';
import { BackendError } from '../contract.ts';

const HEAD_BYTES = 32;
const FRAME_HEAD_BYTES = 24;
/** Where the 8 bytes of salt are in the log's head and in a frame's. */
const HEAD_SALT_AT = 16;
const FRAME_SALT_AT = 8;
/** Read at a time; larger than any frame. */
const READ_BYTES = 1 << 18;

export class WriteAheadLog {
  readonly #database: Database;
  readonly #file: string;
  readonly #frameBytes: number;
  readonly #lengthMax: number;
  readonly #read = Buffer.alloc(READ_BYTES);
  #log: number | undefined;
  #head = Buffer.alloc(HEAD_BYTES);
  /** Bytes of this round's log that {@link #note} has seen; 0 until it begins. */
  #seen = 0;
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
    this.#frameBytes = FRAME_HEAD_BYTES + pageBytes;
    this.#lengthMax = lengthMax;
    database.pragma('wal_autocheckpoint = 0');
  }

  /** To be called after every change. */
  moveIfLong(): void {
    if (this.#held) return;
    this.#note();
    if (this.#seen >= this.#lengthMax) this.#move();
  }

  /** Moves the log and keeps what follows in it until {@link release}. */
  hold(): void {
    this.#note();
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
    const [moved] = movedSchema.parse(this.#database.pragma('wal_checkpoint(restart)'));
    if (moved.busy !== 0)
      throw new BackendError('refused', `SQLite could not move its log into ${this.#file}: is another program using it?`);
    this.#seen = 0;
  }

  /**
   * Takes down the pages of the frames that are new. Frames of a transaction that was rolled back count too: that tells too much, not
   * too little.
   */
  #note(): void {
    if (this.#log === undefined) {
      // SQLite makes the log with its first change, and keeps it until it is closed.
      const path = `${this.#file}-wal`;
      if (!existsSync(path)) return;
      this.#log = openSync(path, 'r');
    }
    const log = this.#log;
    if (this.#seen === 0 && !this.#begins(log)) return;
    const frameBytes = this.#frameBytes;
    for (;;) {
      const length = readSync(log, this.#read, 0, READ_BYTES, this.#seen);
      let at = 0;
      for (; at + frameBytes <= length; at += frameBytes) {
        if (!this.#isOfThisRound(at)) return;
        this.#changed.add(this.#read.readUInt32BE(at) - 1);
        this.#seen += frameBytes;
      }
      if (at === 0) return;
    }
  }

  /** Reads the head of a new round; false as long as it is still that of the round that was moved. */
  #begins(log: number): boolean {
    const head = Buffer.alloc(HEAD_BYTES);
    if (readSync(log, head, 0, HEAD_BYTES, 0) < HEAD_BYTES || head.equals(this.#head)) return false;
    this.#head = head;
    this.#seen = HEAD_BYTES;
    return true;
  }

  #isOfThisRound(at: number): boolean {
    const read = this.#read;
    for (let i = 0; i < 8; i++) if (read[at + FRAME_SALT_AT + i] !== this.#head[HEAD_SALT_AT + i]) return false;
    return true;
  }
}

const movedSchema = z.tuple([z.object({ busy: z.int() })]);
