/**
 * The segments that make up a state: one with everything, then one for each checkpoint since with what had changed. A
 * checkpoint lists them all as immutable files, so that a storage writes only the new one. They are kept in the store's
 * own directory, as second names of the same files: a checkpoint that was given up or removed takes nothing from the next.
 * A storage that did not keep the files themselves but copies, because it makes full checkpoints or is elsewhere, would
 * have to copy all segments each time: for it every segment holds everything.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError, type CheckpointFile } from '../contract.ts';
import type { FileCheck } from './checked-copy.ts';
import { type Layout, writeLayout } from './layout-file.ts';
import { linkOrCopy } from './link-or-copy.ts';
import { type Chunk, readSegment, SegmentWriter } from './segment-file.ts';

/** As many entries as are live may be dead, superseded by later ones, before everything is written again. */
const ENTRIES_PER_LIVE_MAX = 2;
/** With every file a checkpoint costs a few system calls more. */
const SEGMENTS_MAX = 64;

/** A file of a chain. */
export interface Segment {
  readonly path: string;
  readonly check: FileCheck;
  readonly entries: number;
}

/** What a chain persists besides the segment itself. */
export interface SegmentRequest {
  /** True if the segment holds everything, so that the earlier ones are needed no more. */
  readonly all: boolean;
  /** The checkpoint's. */
  readonly directory: string;
  /** Its files are the chain's, with their checksums in the order in which they are to be applied. */
  readonly layout: Omit<Layout, 'files'>;
}

/** A chain as plain data: what a worker thread needs to add to it. */
export interface SavedChain {
  readonly directory: string;
  readonly segments: readonly Segment[];
  readonly referred: boolean;
}

export class SegmentChain {
  readonly #directory: string;
  #segments: readonly Segment[] = [];
  /** False if the storage did not keep the newest segment itself. */
  #referred = true;

  /** @param directory for the segments alone; made when needed. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  static of({ directory, segments, referred }: SavedChain): SegmentChain {
    const chain = new SegmentChain(directory);
    chain.#segments = segments;
    chain.#referred = referred;
    return chain;
  }

  save(): SavedChain {
    return { directory: this.#directory, segments: this.#segments, referred: this.#referred };
  }

  /** Goes on from what a copy of this chain has become by adding to it. */
  adopt({ segments }: SavedChain): void {
    this.#segments = segments;
  }

  /**
   * True if the next segment has to hold everything: it is the first, nobody keeps the others, or too much would be dead.
   * @param live entries that a segment with everything would have.
   * @param changed entries that a segment with the changes would have.
   */
  needsAll(live: number, changed: number): boolean {
    const entries = this.#segments.reduce((sum, segment) => sum + segment.entries, changed);
    const count = this.#segments.length;
    return !this.#referred || count === 0 || count >= SEGMENTS_MAX || entries > ENTRIES_PER_LIVE_MAX * live;
  }

  /**
   * Adds a segment and puts the chain into a checkpoint's directory. If it fails, the chain and its files are what they were.
   * @param fill writes the chunks and returns the number of entries in them.
   * @returns the checkpoint's files.
   */
  async persist(
    { all, directory, layout }: SegmentRequest,
    fill: (writer: SegmentWriter) => Promise<number>,
  ): Promise<readonly CheckpointFile[]> {
    await mkdir(this.#directory, { recursive: true });
    const path = `segment-${randomBytes(12).toString('hex')}`;
    const before = this.#segments;
    try {
      const writer = await SegmentWriter.create(join(this.#directory, path));
      try {
        const entries = await fill(writer);
        const segment = { path, entries, check: await writer.finish() };
        this.#segments = all ? [segment] : [...before, segment];
      } finally {
        await writer.close();
      }
      for (const { path } of this.#segments) await linkOrCopy(join(this.#directory, path), join(directory, path));
      const files = this.#segments.map(({ path }) => ({ path, immutable: true }));
      const checks = Object.fromEntries(this.#segments.map(({ path, check }) => [path, check]));
      files.unshift(await writeLayout(directory, { ...layout, files: checks }));
      if (all) for (const old of before) await rm(join(this.#directory, old.path), { force: true });
      return files;
    } catch (error) {
      this.#segments = before;
      await rm(join(this.#directory, path), { force: true });
      throw error;
    }
  }

  /** To be called when the storage has published what was exported. */
  async published(): Promise<void> {
    const newest = this.#segments.at(-1);
    if (newest !== undefined) this.#referred = (await stat(join(this.#directory, newest.path))).nlink > 1;
  }

  /**
   * Takes over the chain of a checkpoint: the next segment goes on from there.
   * @param apply puts a chunk into the state and returns the number of entries in it.
   * @throws BackendError `damaged` if a segment is missing or not whole.
   */
  async import(
    from: string,
    checks: Readonly<Record<string, FileCheck>>,
    apply: (chunk: Chunk, path: string) => number | Promise<number>,
  ): Promise<void> {
    await mkdir(this.#directory);
    const segments: Segment[] = [];
    for (const [path, check] of Object.entries(checks)) {
      if (!/^segment-[0-9a-f]+$/.test(path)) throw new BackendError('damaged', `${from} lists '${path}', which is no segment`);
      let entries = 0;
      for await (const chunk of readSegment(join(from, path), check)) entries += await apply(chunk, join(from, path));
      await linkOrCopy(join(from, path), join(this.#directory, path));
      segments.push({ path, check, entries });
    }
    if (segments.length === 0) throw new BackendError('damaged', `${from} lists no segment: restore another checkpoint`);
    this.#segments = segments;
  }
}
