import { type ListTable, type StateBackend, StateBatch, type StateStore, type ValueTable } from '../../backends/contract.ts';
import { StatebenchError } from '../errors.ts';
import { type CallTimes, MeasuredStore } from '../measure/measured-store.ts';
import { isReplayValue, putReplayValue } from './replay-values.ts';
import { hashSlots, type Trace, type TraceCall } from './trace.ts';

export interface ReplayRequest {
  readonly trace: Trace;
  readonly backend: StateBackend;
  /** The store's own, empty. */
  readonly directory: string;
  /** False for a store that keeps nothing: then nothing that it answers is looked at. */
  readonly verify: boolean;
  /** Puts something between the replay and the store, such as a recorder. */
  readonly wrap?: (store: StateStore) => StateStore;
}

export interface Replayed {
  readonly backend: { readonly name: string; readonly settings: StateBackend['settings'] };
  readonly verified: boolean;
  readonly calls: number;
  /** Slots of batches, and one for each scan and drop. */
  readonly operations: number;
  /** The whole replay: reading the trace, making values, the store, and checking what it answers. */
  readonly seconds: number;
  /** Of these, in calls of the store. */
  readonly storeSeconds: number;
  readonly operationsPerSecond: number;
  /** As if there had been nothing but the store. */
  readonly storeOperationsPerSecond: number;
  readonly times: readonly CallTimes[];
}

/**
 * Drives a backend with exactly the calls of a recorded run, in its batches, and checks that it answers as it did then.
 * @throws StatebenchError `backend-failed` naming the call, if a read or a scan gives something else; `bad-data`
 */
export async function replayTrace({ trace, backend, directory, verify, wrap }: ReplayRequest): Promise<Replayed> {
  const opened = await backend.open({ directory, tables: trace.tables });
  const store = new MeasuredStore(wrap?.(opened) ?? opened);
  try {
    const tables = trace.tables.map((spec) => {
      return new TableReplay(trace, store, spec, verify);
    });
    const startMs = performance.now();
    let operations = 0;
    let calls = 0;
    for await (const piece of trace.pieces()) {
      for (const call of piece) {
        const pending = tables[call.table]!.perform(call);
        if (pending) await pending;
        operations += operationsOf(call);
        calls++;
      }
    }
    const seconds = (performance.now() - startMs) / 1000;
    const storeSeconds = store.ns / 1e9;
    return {
      backend: { name: backend.name, settings: { ...backend.settings } },
      verified: verify,
      calls,
      operations,
      seconds,
      storeSeconds,
      operationsPerSecond: operations / seconds,
      storeOperationsPerSecond: operations / storeSeconds,
      times: store.times(),
    };
  } finally {
    await store.close();
  }
}

/** Slots of a batch; a scan and a drop are one. */
export function operationsOf({ kind, batch }: TraceCall): number {
  return kind === 'scan' || kind === 'drop' ? 1 : batch.length;
}

/** Performs the calls of one table. */
class TableReplay {
  readonly #spec: Trace['tables'][number];
  readonly #value: ValueTable | null;
  readonly #list: ListTable | null;
  readonly #verify: boolean;
  readonly #verifyFound: boolean;
  #scanBatch: StateBatch;

  constructor({ knowsFound }: Trace, store: StateStore, spec: Trace['tables'][number], verify: boolean) {
    this.#spec = spec;
    this.#value = spec.kind === 'value' ? store.value(spec.name) : null;
    this.#list = spec.kind === 'list' ? store.list(spec.name) : null;
    this.#verify = verify;
    this.#verifyFound = verify && knowsFound;
    this.#scanBatch = new StateBatch(1, spec);
  }

  perform(call: TraceCall): Promise<void> | undefined {
    const { kind, batch } = call;
    switch (kind) {
      case 'read': {
        const pending = this.#value!.read(batch);
        if (pending) return pending.then(() => this.#checkRead(call));
        this.#checkRead(call);
        return;
      }
      case 'write':
        this.#fill(call);
        return this.#value!.write(batch) ?? undefined;
      case 'append':
        this.#fill(call);
        return this.#list!.append(batch) ?? undefined;
      case 'remove':
        return this.#list!.remove(batch) ?? undefined;
      case 'scan':
        return this.#scan(call);
      case 'drop':
        return (this.#value ?? this.#list)!.drop(call.window) ?? undefined;
    }
  }

  #fill({ batch, present, lengths, number }: TraceCall): void {
    for (let slot = 0; slot < batch.length; slot++) {
      batch.present[slot] = present[slot]!;
      if (present[slot] === 1) putReplayValue(batch, slot, lengths[slot]!, number >>> 0);
    }
  }

  #checkRead(call: TraceCall): void {
    if (!this.#verify) return;
    const { batch, present, lengths } = call;
    for (let slot = 0; slot < batch.length; slot++) {
      const found = batch.present[slot]!;
      if (this.#verifyFound && found !== present[slot]) {
        throw this.#differs(
          call,
          batch,
          slot,
          `${found === 1 ? 'found' : 'did not find'} what the recorded run did${found === 1 ? ' not' : ''}`,
        );
      }
      if (found === 1) this.#checkValue(call, batch, slot, this.#verifyFound ? lengths[slot]! : null);
    }
  }

  async #scan(call: TraceCall): Promise<void> {
    const { window, group, capacity, stopped } = call;
    if (this.#scanBatch.capacity !== capacity) this.#scanBatch = new StateBatch(capacity, this.#spec);
    let slots = 0;
    let bytes = 0;
    if (!stopped || call.slots > 0) {
      for await (const found of (this.#value ?? this.#list)!.scan(window, this.#scanBatch, group ?? undefined)) {
        hashSlots(found, 0);
        slots += found.length;
        for (let slot = 0; slot < found.length; slot++) {
          bytes += found.lengths[slot]!;
          if (this.#verify) this.#checkValue(call, found, slot, null);
        }
        if (stopped && slots >= call.slots) break;
      }
    }
    // How much a scan gives at a time is the store's own affair, so one that was stopped may have given more.
    if (!this.#verifyFound || (slots === call.slots && bytes === call.bytes) || (stopped && slots >= call.slots)) return;
    throw new StatebenchError(
      'backend-failed',
      `${this.#place(call)} gave ${slots} slots of ${bytes} bytes; the recorded run saw ${call.slots} of ${call.bytes}`,
    );
  }

  #checkValue(call: TraceCall, batch: StateBatch, slot: number, length: number | null): void {
    if (length !== null && batch.lengths[slot] !== length) {
      throw this.#differs(call, batch, slot, `gave ${batch.lengths[slot]} bytes; the recorded run saw ${length}`);
    }
    if (!isReplayValue(batch, slot, call.number >>> 0)) throw this.#differs(call, batch, slot, 'gave bytes that were never written there');
  }

  #differs(call: TraceCall, batch: StateBatch, slot: number, what: string): StatebenchError {
    const where = `slot ${slot}, window ${batch.windows[slot]}, key ${batch.keys[slot]!.toString('hex')}`;
    return new StatebenchError('backend-failed', `${this.#place(call)} (${where}) ${what}`);
  }

  #place({ number, kind, window }: TraceCall): string {
    return `call ${number}, a ${kind} of ${Number.isNaN(window) ? '' : `window ${window} of `}'${this.#spec.name}',`;
  }
}
