/**
 * Where checkpoints go: a second axis beside the backend, as in Flink. Imports nothing but the backend contract's types.
 *
 * A backend writes its files into a draft; the storage makes them durable and publishes them at once or not at all.
 */
import type { CheckpointFile } from '../contract.ts';

/** What is stored beside a backend's files: who made the checkpoint, and where the pipeline stood. Plain JSON. */
export interface CheckpointContent {
  readonly backend: { readonly name: string; readonly settings: Readonly<Record<string, string | number | boolean>> };
  /** The pipeline's position, opaque to the storage. */
  readonly position: unknown;
}

/** A checkpoint in the making. */
export interface CheckpointDraft {
  readonly id: number;
  /** A local directory, empty when made, for the backend's files. */
  readonly directory: string;
}

export interface PublishedCheckpoint {
  /** Bytes this checkpoint added to the storage. */
  readonly bytesWritten: number;
  /** Bytes of files the storage already held, which this checkpoint only refers to. */
  readonly bytesReferenced: number;
  readonly files: number;
}

/** A verified checkpoint, ready to be restored from. */
export interface StoredCheckpoint extends CheckpointContent {
  readonly id: number;
  /** A local directory that holds exactly the checkpoint's files; never written to. */
  readonly directory: string;
  /** Bytes of all its files, those shared with other checkpoints included; absent where the storage does not know. */
  readonly bytes?: number;
}

/** A {@link CheckpointSpace} as plain data, from which a worker thread makes one that publishes to the same place. */
export interface SpaceCopy {
  /** URL of a module whose default export is a {@link OpenSpaceCopy}. It must not load a native addon. */
  readonly module: string;
  /** For `structuredClone`. */
  readonly input: unknown;
}

/** What a worker thread needs of a space. */
export interface WorkerSpace extends Pick<CheckpointSpace, 'publish' | 'list' | 'remove' | 'abandon'> {
  /** What the original has to know after this one has published; for `structuredClone`. */
  memory(): unknown;
}

/** The default export of a {@link SpaceCopy}'s module. */
export type OpenSpaceCopy<Input> = (input: Input) => WorkerSpace;

/** The checkpoints of one job. One process at a time writes to it. */
export interface CheckpointSpace {
  /** The space for a worker thread to publish with; absent where only the stream's thread can. */
  readonly copy?: () => SpaceCopy;
  /** Takes over the `memory` of a copy that has published. Present where `copy` is. */
  readonly learn?: (memory: unknown) => void;
  /** The highest id found when the space was opened, drafts of dead processes included; 0 if there was none. */
  readonly lastId: number;
  /** Begins a checkpoint. Drafts that a dead process left behind are removed when the space is opened. */
  draft(id: number): Promise<CheckpointDraft>;
  /**
   * Publishes a draft. When this has settled, the checkpoint survives a crash; until then it does not exist.
   * A storage that can refer to an immutable file from then on leaves it a second name, a hard link, until the next checkpoint: by
   * that a backend sees whether it pays to write only what has changed.
   * @throws CheckpointError `not-durable` if the medium refused (full, read-only); the draft is gone then.
   */
  publish(draft: CheckpointDraft, files: readonly CheckpointFile[], content: CheckpointContent): Promise<PublishedCheckpoint>;
  /** Gives a draft up. */
  abandon(draft: CheckpointDraft): Promise<void>;
  /** Ids of the published checkpoints, newest first, whole or not. */
  list(): Promise<readonly number[]>;
  /**
   * Verifies a checkpoint, every byte of it.
   * @throws CheckpointError `damaged` if it is not exactly what was published, `foreign` if it is of a later format or not ours.
   */
  open(id: number): Promise<StoredCheckpoint>;
  /** Removes a published checkpoint, whole or not. A crash amid the removal leaves none, or one that `open` refuses. */
  remove(id: number): Promise<void>;
  /** Bytes this space takes on its medium; null where the medium does not tell. */
  allocatedBytes(): Promise<number | null>;
  /**
   * Where the space is as Hadoop and Flink write it, `file:///FOLDER` or `hdfs://HOST:PORT/FOLDER`, for an engine that writes its
   * checkpoints there itself, below a folder `flink` that nothing else here looks at; null where there is no such place.
   */
  hadoopUrl(): Promise<string | null>;
}

/** The checkpoints of a job that may be running: to be read, and nothing of them is tidied, changed or removed. */
export type CheckpointView = Pick<CheckpointSpace, 'list' | 'open'>;

/** A configured checkpoint storage. A module exports `options`, `description`, and by default `(options) => CheckpointStorage`. */
export interface CheckpointStorage {
  readonly name: string;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /**
   * @param directory a local directory of this job's own, kept between its processes; made if it is not there. What is kept
   * elsewhere is found again by it.
   * @throws CheckpointError `unavailable` if what the storage needs is not there or refuses, `foreign` if what is there is not ours.
   */
  open(directory: string): Promise<CheckpointSpace>;
  /**
   * Looks at what a job left, whether or not it is still running.
   * @param directory the job's, as for {@link open}; only read.
   * @param scratch an empty local directory for what has to be fetched; the caller removes it.
   */
  view(directory: string, scratch: string): Promise<CheckpointView>;
  /**
   * Removes the job's checkpoints, wherever they are, and the directory. One that was never opened, or is not there, is no error.
   * @throws CheckpointError as `open`; the directory is still there then.
   */
  destroy(directory: string): Promise<void>;
}

export type CheckpointErrorCode = 'damaged' | 'foreign' | 'not-durable' | 'unavailable';

/** An error with a code that callers can rely on; the message names the file. */
export class CheckpointError extends Error {
  readonly code: CheckpointErrorCode;

  constructor(code: CheckpointErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CheckpointError';
    this.code = code;
  }
}
