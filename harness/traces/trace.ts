import { keyHash, StateBatch, slotHash, type TableSpec, WINDOW_BYTES, windowHash } from '../../backends/contract.ts';
import type { CallKind, TraceEnd, TraceHeader } from './trace-format.ts';

/** One call of the recorded run. The reader uses the same object, and a batch a table, for all of them. */
export interface TraceCall {
  /** Which call it is, from 1. */
  readonly number: number;
  readonly kind: CallKind;
  /** The table's place in {@link Trace.tables}. */
  readonly table: number;
  /** Of read, write, append and remove: the slots, with windows, keys and hashes, and nothing else. */
  readonly batch: StateBatch;
  /** False if the run handed over the slots of the table's call before once more, in the same fill. */
  readonly refilled: boolean;
  /** Slot by slot: what a read found, or whether a write put. */
  readonly present: Uint8Array;
  /** Bytes of each value found, put or appended; meaningless for a slot that is not present. */
  readonly lengths: Uint32Array;
  /** Of scan and drop. */
  readonly window: number;
  readonly group: Buffer | null;
  /** Of a scan: slots of the batch it fills, what it gave, and whether its reader stopped before it ended. */
  readonly capacity: number;
  readonly slots: number;
  readonly bytes: number;
  readonly stopped: boolean;
}

/** A trace that was found whole when it was opened. */
export interface Trace {
  readonly file: string;
  readonly tables: readonly TableSpec[];
  /** What run it comes from; null for Gadget's text form, which does not say. */
  readonly header: TraceHeader | null;
  /** Counts of all of it. */
  readonly end: TraceEnd;
  /** Whether it says what reads found and scans gave; the text form does not. */
  readonly knowsFound: boolean;
  /** Lines passed over as bad. */
  readonly skippedLines: number;
  /** All calls in order, some at a time. Each is to be used before the next is asked for. One reader at a time. */
  pieces(): AsyncIterable<Iterable<TraceCall>>;
}

/** Makes room for batches of a table, larger ones as they come. */
export class CallBatch {
  batch: StateBatch;
  present: Uint8Array;
  lengths: Uint32Array;
  readonly #spec: TableSpec;

  constructor(spec: TableSpec) {
    this.#spec = spec;
    this.batch = new StateBatch(1, spec);
    this.present = new Uint8Array(1);
    this.lengths = new Uint32Array(1);
  }

  /** Empties the batch, whose room is then for this many slots at least. */
  begin(slots: number): void {
    if (slots > this.batch.capacity) {
      const capacity = 2 ** Math.ceil(Math.log2(slots));
      this.batch = new StateBatch(capacity, this.#spec);
      this.present = new Uint8Array(capacity);
      this.lengths = new Uint32Array(capacity);
    }
    this.batch.clear();
  }
}

/** Sets the hashes of slots `from` to the last, whose windows and keys are there. */
export function hashSlots(batch: StateBatch, from: number): void {
  const { length, addressWords, hashes, windows, addressStride, keyBytes } = batch;
  const strideWords = addressStride >>> 2;
  let window = Number.NaN;
  let hashOfWindow = 0;
  for (let slot = from; slot < length; slot++) {
    if (windows[slot] !== window) {
      window = windows[slot]!;
      hashOfWindow = windowHash(window);
    }
    hashes[slot] = slotHash(keyHash(addressWords, slot * strideWords + WINDOW_BYTES / 4, keyBytes >>> 2), hashOfWindow);
  }
}
