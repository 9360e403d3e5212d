/**
 * The worker thread that persists: runs a store's task and publishes with a copy of the storage's space, so that a checkpoint becomes durable without a turn of the stream's event loop.
 */
import { type MessagePort, parentPort } from 'node:worker_threads';
import type {
  CheckpointContent,
  CheckpointDraft,
  OpenSpaceCopy,
  PublishedCheckpoint,
  SpaceCopy,
} from '../../backends/checkpoints/contract.ts';
import type { CheckpointFile, Persisted, PersistPiece, PersistTask } from '../../backends/contract.ts';
import { nowNs } from '../measure/clock.ts';
import { receiveError, type SentError, sendError } from './sent-error.ts';

/** What the storage does once the backend's files are there. */
export interface PublishOrder {
  readonly copy: SpaceCopy;
  readonly draft: CheckpointDraft;
  readonly content: CheckpointContent;
  /** Ids of damaged checkpoints, which go first and count for nothing. */
  readonly damaged: readonly number[];
  /** Number of whole checkpoints that stay. */
  readonly kept: number;
}

export interface PersistOrder {
  /** The store's task; null where its files are there already. */
  readonly task: { readonly module: string; readonly input: unknown } | null;
  /** Files that are there already. */
  readonly files: readonly CheckpointFile[];
  readonly publish: PublishOrder | null;
  /** Counts the pieces of the feed that were taken, for the thread that sends them. */
  readonly taken: Int32Array;
}

/** A published checkpoint, on the clock of {@link nowNs}. */
export interface PublishOutcome {
  readonly published: PublishedCheckpoint;
  readonly endNs: number;
  readonly removed: readonly number[];
  readonly memory: unknown;
  /** Why an older checkpoint could not be removed. */
  readonly removeError: SentError | null;
}

/** `task` failed, or it was done and `publish` succeeded, failed, or was not asked for. */
export type PersistReply =
  | { readonly taskError: SentError }
  | { readonly persisted: Persisted; readonly outcome: PublishOutcome | { readonly error: SentError } | null };

/** An order, and the port on which its feed comes in and its reply goes out. */
export interface ToWorker {
  readonly order: PersistOrder;
  readonly port: MessagePort;
}

/** A message on an order's port: a piece of its feed, or the feed's end. */
export type FeedMessage = { readonly piece: PersistPiece } | { readonly end: SentError | null };

class Feed implements AsyncIterable<PersistPiece> {
  readonly #pieces: PersistPiece[] = [];
  #end: { readonly error: SentError | null } | null = null;
  #wake: () => void = () => {};
  readonly #taken: Int32Array;

  constructor(taken: Int32Array) {
    this.#taken = taken;
  }

  add(piece: PersistPiece): void {
    this.#pieces.push(piece);
    this.#wake();
  }

  end(error: SentError | null): void {
    this.#end = { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PersistPiece> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        yield piece;
        Atomics.add(this.#taken, 0, 1);
      } else if (this.#end !== null) {
        if (this.#end.error !== null) throw receiveError(this.#end.error);
        return;
      } else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

async function carryOut({ task, files, publish }: PersistOrder, feed: Feed): Promise<PersistReply> {
  let persisted: Persisted = { files, kept: null };
  if (task !== null) {
    try {
      const { default: run } = (await import(task.module)) as { default: PersistTask<unknown, unknown> };
      persisted = await run(task.input, feed);
    } catch (error) {
      return { taskError: sendError(error) };
    }
  }
  if (publish === null) return { persisted, outcome: null };
  try {
    return { persisted, outcome: await publishWith(publish, persisted.files) };
  } catch (error) {
    return { persisted, outcome: { error: sendError(error) } };
  }
}

async function publishWith(
  { copy, draft, content, damaged, kept }: PublishOrder,
  files: readonly CheckpointFile[],
): Promise<PublishOutcome> {
  const { default: openCopy } = (await import(copy.module)) as { default: OpenSpaceCopy<unknown> };
  const space = openCopy(copy.input);
  const published = await space.publish(draft, files, content);
  const endNs = nowNs();
  const removed: number[] = [];
  let removeError: SentError | null = null;
  try {
    // A damaged one is nothing to fall back to: it takes no place among those that are kept.
    const whole = (await space.list()).filter((id) => !damaged.includes(id));
    for (const id of [...damaged, ...whole.slice(kept)]) {
      await space.remove(id);
      removed.push(id);
    }
  } catch (error) {
    removeError = sendError(error);
  }
  return { published, endNs, removed, memory: space.memory(), removeError };
}

parentPort?.on('message', ({ order, port }: ToWorker) => {
  const feed = new Feed(order.taken);
  port.on('message', (message: FeedMessage) => ('piece' in message ? feed.add(message.piece) : feed.end(message.end)));
  void carryOut(order, feed).then((reply) => {
    port.postMessage(reply);
    port.close();
  });
});
