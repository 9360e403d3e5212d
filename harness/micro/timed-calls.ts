/** One operation of the micro-suite, ready to be timed: its batches filled before, its calls, and what puts the state back. */
import type { ListTable, StateBatch, StateStore, ValueTable } from '../../backends/contract.ts';
import type { KeyOrder } from './key-order.ts';
import { MAP_ENTRIES, type MicroOperation, type Taken } from './operations.ts';
import { EXPIRES_LATER, NOW, type StateLayout } from './state-layout.ts';

/** Slots of an iteration, or of one batch if that has more: so many that reading the clock weighs nothing at batch size 1 either. */
export const SLOTS_PER_ITERATION = 1024;
/** A scan takes far longer than a slot of a batch, on some stores as long as the state is large. */
const SLOTS_PER_SCAN = 64;

/** What reading operations have seen: how many entries, and a checksum over what was taken of them. */
export interface Seen {
  entries: number;
  checksum: number;
}

/** One iteration is `batches` calls (of two where there are two tables' calls) of `operationsPerBatch` operations each. */
export interface TimedCalls {
  readonly batches: readonly StateBatch[];
  readonly operationsPerBatch: number;
  /** Operations of one iteration. */
  readonly operations: number;
  readonly seen: Seen;
  /** Untimed: the next keys. */
  fill(): void;
  /** The timed part. */
  run(): Promise<void>;
  /** Untimed: takes away what `run` added, or puts back what it removed. */
  undo(): Promise<void>;
}

export interface TimedRequest {
  readonly operation: MicroOperation;
  readonly layout: StateLayout;
  readonly store: StateStore;
  readonly batchSize: number;
  readonly window: number;
  readonly keys: number;
  readonly order: KeyOrder;
  readonly slotsPerIteration: number;
}

export function timedCalls(request: TimedRequest): TimedCalls {
  const { operation, layout, store } = request;
  const { calls, state } = operation;
  const { name } = layout.table;
  switch (calls.call) {
    case 'read':
      return reads(request, store.value(name), calls.take);
    case 'scan':
      return scans(request, state === 'list' ? store.list(name) : store.value(name), calls);
    case 'put':
    case 'delete':
      return writes(request, store.value(name), calls);
    case 'append':
    case 'replace':
      return appends(request, store.list(name), calls);
  }
}

/** The batches of an iteration, and how they are filled with the slots of whole operations. */
class Filler {
  readonly batches: readonly StateBatch[];
  readonly operationsPerBatch: number;
  readonly #request: TimedRequest;
  readonly #isNew: boolean;
  readonly #slotsPerKey: number;
  #version = 1;

  constructor(request: TimedRequest, isNew: boolean, slotsPerKey: number) {
    const { layout, batchSize, slotsPerIteration } = request;
    this.#request = request;
    this.#isNew = isNew;
    this.#slotsPerKey = slotsPerKey;
    this.operationsPerBatch = Math.max(1, Math.floor(batchSize / slotsPerKey));
    const slots = this.operationsPerBatch * slotsPerKey;
    this.batches = Array.from({ length: Math.max(1, Math.floor(slotsPerIteration / slots)) }, () => layout.batch(slots));
  }

  get operations(): number {
    return this.batches.length * this.operationsPerBatch;
  }

  /** @param firsts batches that get one slot a key, with its first value, beside */
  fill(firsts: readonly StateBatch[] = []): void {
    const { order, keys, layout, window, operation } = this.#request;
    const isMap = operation.state === 'map';
    const version = ++this.#version;
    for (let b = 0; b < this.batches.length; b++) {
      const batch = this.batches[b]!;
      const first = firsts[b];
      batch.clear();
      first?.clear();
      for (let i = 0; i < this.operationsPerBatch; i++) {
        const number = order.next();
        const key = this.#isNew ? number + keys : number;
        if (first !== undefined) layout.push(first, window, key, 0, 0, EXPIRES_LATER);
        const all = this.#slotsPerKey > 1;
        for (let slot = 0; slot < this.#slotsPerKey; slot++) {
          const entry = isMap ? (all ? slot : (number + version) % MAP_ENTRIES) : 0;
          layout.push(batch, window, key, entry, version + slot, EXPIRES_LATER);
        }
      }
    }
  }
}

/** Adds a slot to what was seen, unless it has expired. Returns whether it counts. */
function see(seen: Seen, layout: StateLayout, batch: StateBatch, slot: number, take: Taken): boolean {
  if (layout.ttl && layout.expiryOf(batch, slot) <= NOW) return false;
  seen.entries++;
  if (take === 'map-key' || take === 'both') seen.checksum = (seen.checksum + layout.entryOf(batch, slot) + 1) | 0;
  if (take === 'value' || take === 'both') seen.checksum = (seen.checksum + layout.valueOf(batch, slot)) | 0;
  return true;
}

function reads(request: TimedRequest, table: ValueTable, take: Taken): TimedCalls {
  const { layout } = request;
  const filler = new Filler(request, false, 1);
  const { batches, operationsPerBatch, operations } = filler;
  const seen: Seen = { entries: 0, checksum: 0 };
  return {
    batches,
    operationsPerBatch,
    operations,
    seen,
    fill: () => filler.fill(),
    async run() {
      for (let b = 0; b < batches.length; b++) {
        const batch = batches[b]!;
        const pending = table.read(batch);
        if (pending) await pending;
        for (let slot = 0; slot < batch.length; slot++) if (batch.present[slot] === 1) see(seen, layout, batch, slot, take);
      }
    },
    undo: async () => {},
  };
}

type ScanCalls = Extract<MicroOperation['calls'], { call: 'scan' }>;

function scans(request: TimedRequest, table: ValueTable | ListTable, { take, until, slots }: ScanCalls): TimedCalls {
  const { layout, window, batchSize } = request;
  const keysPerIteration = request.slotsPerIteration / SLOTS_PER_SCAN;
  const filler = new Filler({ ...request, batchSize: keysPerIteration, slotsPerIteration: keysPerIteration }, false, 1);
  const [keys] = filler.batches as readonly [StateBatch];
  const groups = layout.groups(keys);
  const batch = layout.batch(slots === 'single' ? 1 : batchSize);
  const seen: Seen = { entries: 0, checksum: 0 };
  const isEnough = (found: StateBatch): boolean => {
    for (let slot = 0; slot < found.length; slot++) {
      if (see(seen, layout, found, slot, take) && until === 'first') return true;
    }
    return false;
  };
  return {
    batches: filler.batches,
    operationsPerBatch: 1,
    operations: keysPerIteration,
    seen,
    fill: () => filler.fill(),
    async run() {
      for (let key = 0; key < groups.length; key++) {
        const scan = table.scan(window, batch, groups[key]!);
        if (Symbol.iterator in scan) {
          for (const found of scan) if (isEnough(found)) break;
        } else {
          for await (const found of scan) if (isEnough(found)) break;
        }
      }
    },
    undo: async () => {},
  };
}

type WriteCalls = Extract<MicroOperation['calls'], { call: 'put' | 'delete' }>;

function writes(request: TimedRequest, table: ValueTable, calls: WriteCalls): TimedCalls {
  const isDelete = calls.call === 'delete';
  const isNew = !isDelete && calls.keys === 'new';
  const filler = new Filler(request, isNew, isDelete ? 1 : calls.slotsPerKey);
  const { batches, operationsPerBatch, operations } = filler;
  const writeAll = async (): Promise<void> => {
    for (let b = 0; b < batches.length; b++) {
      const pending = table.write(batches[b]!);
      if (pending) await pending;
    }
  };
  const mark = (present: number): void => {
    for (const batch of batches) batch.present.fill(present, 0, batch.length);
  };
  return {
    batches,
    operationsPerBatch,
    operations,
    seen: { entries: 0, checksum: 0 },
    fill() {
      filler.fill();
      if (isDelete) mark(0);
    },
    run: writeAll,
    async undo() {
      if (!isDelete && !isNew) return;
      mark(isDelete ? 1 : 0);
      await writeAll();
    },
  };
}

type AppendCalls = Extract<MicroOperation['calls'], { call: 'append' | 'replace' }>;

function appends(request: TimedRequest, table: ListTable, calls: AppendCalls): TimedCalls {
  const isReplace = calls.call === 'replace';
  const isNew = !isReplace && calls.keys === 'new';
  const filler = new Filler(request, isNew, isReplace ? 1 : calls.slotsPerKey);
  const { batches, operationsPerBatch, operations } = filler;
  const firsts = batches.map(() => request.layout.batch(operationsPerBatch));
  return {
    batches,
    operationsPerBatch,
    operations,
    seen: { entries: 0, checksum: 0 },
    fill: () => filler.fill(firsts),
    async run() {
      for (let b = 0; b < batches.length; b++) {
        const batch = batches[b]!;
        if (isReplace) {
          const removed = table.remove(batch);
          if (removed) await removed;
        }
        const pending = table.append(batch);
        if (pending) await pending;
      }
    },
    async undo() {
      if (isReplace) return;
      for (const first of firsts) {
        await table.remove(first);
        if (!isNew) await table.append(first);
      }
    },
  };
}
