/** The stream's side of the worker thread that persists. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { PersistPiece, PersistWork } from '../../backends/contract.ts';
import { nowNs } from '../measure/clock.ts';
import type { FeedMessage, PersistOrder, PersistReply, ToWorker } from './persist-worker.ts';
import { receiveError, sendError } from './sent-error.ts';

/** Pieces of a feed on their way to the worker. With those of the memory backend it is 8 MiB. */
const PIECES_AHEAD = 32;
/** Pause of the feed while the worker has all it may have. */
const FULL_MS = 1;

let worker: Worker | null = null;
/** What to do with the orders under way where the worker ends. */
const underWay = new Set<(error: Error) => void>();

/** Starts the process's worker thread, if it is not there: takes some 50 ms of another core, once. It does not keep the process alive. */
export function startPersistThread(): Worker {
  if (worker !== null) return worker;
  const started = new Worker(new URL('./persist-worker.js', import.meta.url));
  started.unref();
  const ended = (why: string, cause?: Error): void => {
    if (worker === started) worker = null;
    const error = new Error(`the thread that persists checkpoints ended${why}`, { cause });
    for (const fail of underWay) fail(error);
  };
  started.on('error', (cause) => ended(`: ${cause.message}`, cause)).on('exit', (code) => ended(` with code ${code}`));
  worker = started;
  return started;
}

/** One order under way: sends the feed, a piece in each turn of the event loop, and more where {@link feedUntil} is called. */
export class PersistRun {
  /** Settles with the worker's reply. */
  readonly reply: Promise<PersistReply>;
  readonly #port: MessagePort;
  readonly #taken = new Int32Array(new SharedArrayBuffer(4));
  #feed: Iterator<PersistPiece> | null;
  #sent = 0;

  constructor(order: Omit<PersistOrder, 'taken'>, feed: PersistWork['feed']) {
    const { port1: own, port2: port } = new MessageChannel();
    this.#port = own;
    this.#feed = feed ?? null;
    this.reply = new Promise<PersistReply>((resolve, reject) => {
      const done = (): void => {
        underWay.delete(failed);
        this.#feed = null;
        own.close();
      };
      const failed = (error: Error): void => {
        done();
        reject(error);
      };
      underWay.add(failed);
      // Keeps the process alive until the reply is there.
      own.once('message', (reply: PersistReply) => {
        done();
        resolve(reply);
      });
    });
    const message: ToWorker = { order: { ...order, taken: this.#taken }, port };
    startPersistThread().postMessage(message, [port]);
    if (this.#feed !== null) this.#feedByTurns();
  }

  /** Sends pieces of the feed until `untilNs`; returns early where nothing is left or the worker has all it may have. */
  feedUntil(untilNs: number): void {
    while (this.#step()) if (nowNs() >= untilNs) return;
  }

  #feedByTurns(): void {
    if (this.#feed === null) return;
    if (this.#step() || this.#feed === null) setImmediate(() => this.#feedByTurns());
    else setTimeout(() => this.#feedByTurns(), FULL_MS);
  }

  /** @returns false where nothing can be sent now. */
  #step(): boolean {
    if (this.#feed === null || this.#sent - Atomics.load(this.#taken, 0) >= PIECES_AHEAD) return false;
    try {
      const next = this.#feed.next();
      if (next.done) {
        this.#feed = null;
        this.#post({ end: null });
        return false;
      }
      this.#sent++;
      this.#post({ piece: next.value }, [next.value.bytes.buffer]);
      return true;
    } catch (error) {
      this.#feed = null;
      this.#post({ end: sendError(error) });
      return false;
    }
  }

  #post(message: FeedMessage, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

/** What the worker reported, or throws what its task threw. */
export function persistedOf(reply: PersistReply): Exclude<PersistReply, { taskError: unknown }> {
  if ('taskError' in reply) throw receiveError(reply.taskError);
  return reply;
}
