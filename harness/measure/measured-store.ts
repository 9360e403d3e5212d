import type { ListTable, Pending, Scan, StateBatch, StateStore, ValueTable } from '../../backends/contract.ts';
import { stageOfTable } from '../pipeline/stage.ts';
import type { Calls } from '../results.ts';
import { nowNs } from './clock.ts';
import { Histogram } from './histogram.ts';
import { samplesForPercentile } from './samples-for-percentile.ts';
import { timedOneIn } from './sampling.ts';

type Operation = Calls['operation'];

/** What is known of one kind of call on one table. */
class CallMeter {
  calls = 0;
  slots = 0;
  readonly time = new Histogram();
  #timedNs = 0;
  #timedSlots = 0;
  #timedBytes = 0;
  #every = 1;
  #untilTimed = 0;

  /** All of the calls together: reckoned from those that were timed. */
  get ns(): number {
    const { total } = this.time;
    return total === 0 ? 0 : (this.#timedNs / total) * this.calls;
  }

  /** Of all of the calls: reckoned from those that were timed, by slots. */
  get bytes(): number {
    return this.#timedSlots === 0 ? 0 : Math.round((this.#timedBytes / this.#timedSlots) * this.slots);
  }

  /** Whether the next call is to be timed. */
  isDue(): boolean {
    if (this.#every === 1) return true;
    if (--this.#untilTimed > 0) return false;
    this.#untilTimed = this.#every;
    return true;
  }

  add(ns: number, slots: number, bytes: number): void {
    this.count(slots);
    this.#timedNs += ns;
    this.#timedSlots += slots;
    this.#timedBytes += bytes;
    this.time.record(ns);
  }

  /** A call that was not timed. */
  count(slots: number): void {
    this.calls++;
    this.slots += slots;
  }

  /** Forgets all but how long calls are: what is measured from now on is sampled evenly. */
  clear(): void {
    this.#every = timedOneIn(this.time) ?? this.#every;
    this.calls = 0;
    this.slots = 0;
    this.#timedNs = 0;
    this.#timedSlots = 0;
    this.#timedBytes = 0;
    this.time.clear();
  }
}

/** How long the calls of one kind on one table took. */
export interface CallTimes {
  readonly table: string;
  readonly operation: Operation;
  readonly calls: number;
  readonly slots: number;
  /** All of them together. */
  readonly seconds: number;
  /** Null where too few calls were timed: a percentile needs 10 beyond it. */
  readonly medianNs: number | null;
  readonly p99Ns: number | null;
}

/**
 * A store that times the calls of every table from outside the adapter, which therefore needs no clock of its own. Two readings of the
 * clock a call, about 0.1 µs, are part of what the harness costs. All calls are timed until {@link clear} has found that they are short.
 */
export class MeasuredStore implements StateStore {
  readonly #store: StateStore;
  readonly #meters = new Map<string, { table: string; operation: Operation; meter: CallMeter }>();

  constructor(store: StateStore) {
    this.#store = store;
  }

  value(name: string): ValueTable {
    const table = this.#store.value(name);
    const read = this.#meter(name, 'read');
    const write = this.#meter(name, 'write');
    return {
      read: (batch) => {
        if (!read.isDue()) return counted(read, batch, table.read(batch));
        const start = nowNs();
        return timed(read, start, batch, foundBytes, table.read(batch));
      },
      write: (batch) => {
        if (!write.isDue()) return counted(write, batch, table.write(batch));
        const start = nowNs();
        return timed(write, start, batch, foundBytes, table.write(batch));
      },
      ...this.#windowCalls(name, table),
    };
  }

  list(name: string): ListTable {
    const table = this.#store.list(name);
    const append = this.#meter(name, 'append');
    const remove = this.#meter(name, 'remove');
    return {
      append: (batch) => {
        if (!append.isDue()) return counted(append, batch, table.append(batch));
        const start = nowNs();
        return timed(append, start, batch, widthBytes, table.append(batch));
      },
      remove: (batch) => {
        if (!remove.isDue()) return counted(remove, batch, table.remove(batch));
        const start = nowNs();
        return timed(remove, start, batch, noBytes, table.remove(batch));
      },
      ...this.#windowCalls(name, table),
    };
  }

  checkpoint(place: Parameters<StateStore['checkpoint']>[0]): ReturnType<StateStore['checkpoint']> {
    return this.#store.checkpoint(place);
  }

  published(id: number): Pending {
    return this.#store.published(id);
  }

  release(id: number): Pending {
    return this.#store.release(id);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** Time spent in calls since the last {@link clear}, in ns. */
  get ns(): number {
    let sum = 0;
    for (const { meter } of this.#meters.values()) sum += meter.ns;
    return sum;
  }

  /** Forgets what was measured so far. */
  clear(): void {
    for (const { meter } of this.#meters.values()) meter.clear();
  }

  /** The calls made since the last {@link clear}, as results hold them. */
  save(): Calls[] {
    return [...this.#meters.values()]
      .filter(({ meter }) => meter.calls > 0)
      .map(({ table, operation, meter }) => {
        return {
          stage: stageOfTable(table),
          table,
          operation,
          calls: meter.calls,
          slots: meter.slots,
          bytes: meter.bytes,
          time: meter.time.save(),
        };
      });
  }

  /** The same in short: what a call took in the middle and at the slow end. Kinds of calls that were never made are left out. */
  times(): CallTimes[] {
    return [...this.#meters.values()]
      .filter(({ meter }) => meter.calls > 0)
      .map(({ table, operation, meter: { calls, slots, ns, time } }) => {
        const percentile = (rank: number) => (time.total < samplesForPercentile(rank) ? null : time.quantile(rank));
        return { table, operation, calls, slots, seconds: ns / 1e9, medianNs: percentile(0.5), p99Ns: percentile(0.99) };
      });
  }

  #meter(table: string, operation: Operation): CallMeter {
    const key = `${table}/${operation}`;
    const known = this.#meters.get(key);
    if (known !== undefined) return known.meter;
    const meter = new CallMeter();
    this.#meters.set(key, { table, operation, meter });
    return meter;
  }

  #windowCalls(name: string, table: ValueTable | ListTable) {
    const scan = this.#meter(name, 'scan');
    const drop = this.#meter(name, 'drop');
    return {
      scan: (window: number, batch: StateBatch, group?: Uint8Array): Scan => timedScan(scan, table.scan(window, batch, group)),
      drop: (window: number): Pending => {
        const start = nowNs();
        const pending = table.drop(window);
        if (pending) return pending.then(() => drop.add(nowNs() - start, 0, 0));
        drop.add(nowNs() - start, 0, 0);
      },
    };
  }
}

/** A call that began at `start` and has returned. Given no closure, which would be made for calls that are not timed too. */
function timed(meter: CallMeter, start: number, batch: StateBatch, bytes: (batch: StateBatch) => number, pending: Pending): Pending {
  if (pending) return pending.then(() => meter.add(nowNs() - start, batch.length, bytes(batch)));
  meter.add(nowNs() - start, batch.length, bytes(batch));
}

/** A call that is not timed. */
function counted(meter: CallMeter, batch: StateBatch, pending: Pending): Pending {
  if (pending) return pending.then(() => meter.count(batch.length));
  meter.count(batch.length);
}

/** Times the refills of a scan, without what its reader does between them. One that is at hand stays so: promises would cost more than it. */
function timedScan(meter: CallMeter, scan: Scan): Scan {
  return Symbol.iterator in scan ? timedBatches(meter, scan[Symbol.iterator]()) : timedAwaited(meter, scan[Symbol.asyncIterator]());
}

function* timedBatches(meter: CallMeter, iterator: Iterator<StateBatch>): Generator<StateBatch> {
  const timer = new ScanTimer();
  try {
    for (;;) {
      timer.start();
      const result = iterator.next();
      timer.stop(result);
      if (result.done) return;
      yield result.value;
    }
  } finally {
    if (!timer.ended) iterator.return?.();
    timer.save(meter);
  }
}

async function* timedAwaited(meter: CallMeter, iterator: AsyncIterator<StateBatch>): AsyncGenerator<StateBatch> {
  const timer = new ScanTimer();
  try {
    for (;;) {
      timer.start();
      const result = await iterator.next();
      timer.stop(result);
      if (result.done) return;
      yield result.value;
    }
  } finally {
    if (!timer.ended) await iterator.return?.();
    timer.save(meter);
  }
}

/** Adds up the refills of one scan. */
class ScanTimer {
  ended = false;
  #startNs = 0;
  #ns = 0;
  #slots = 0;
  #bytes = 0;

  start(): void {
    this.#startNs = nowNs();
  }

  stop(result: IteratorResult<StateBatch>): void {
    this.#ns += nowNs() - this.#startNs;
    if (result.done) this.ended = true;
    else {
      this.#slots += result.value.length;
      this.#bytes += foundBytes(result.value);
    }
  }

  save(meter: CallMeter): void {
    meter.add(this.#ns, this.#slots, this.#bytes);
  }
}

function foundBytes({ length, present, lengths }: StateBatch): number {
  let bytes = 0;
  // Without a branch: which slots are found is not to be foreseen, and a branch took 5 % of all time with the state in memory.
  for (let slot = 0; slot < length; slot++) bytes += present[slot]! * lengths[slot]!;
  return bytes;
}

function widthBytes({ length, valueBytes }: StateBatch): number {
  return length * valueBytes;
}

function noBytes(): number {
  return 0;
}
