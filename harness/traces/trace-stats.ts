import type { TableSpec } from '../../backends/contract.ts';
import { LiveKeys } from './live-keys.ts';
import { type Bucket, PowersOfTwo } from './powers-of-two.ts';
import { operationsOf } from './replay.ts';
import { Touches, type TouchStats } from './touches.ts';
import type { Trace, TraceCall } from './trace.ts';
import { WordDictionary } from './word-dictionary.ts';

/** Operations as they are counted: a write is a put or a delete, slot by slot. */
export const OPERATIONS = ['read', 'put', 'delete', 'append', 'remove', 'scan', 'scan of a group', 'drop'] as const;
type Operation = (typeof OPERATIONS)[number];

export interface TableStats extends TouchStats {
  /** Null for all tables together. */
  readonly table: string | null;
  readonly calls: number;
  /** Slots of batches, and one for each scan and drop. */
  readonly operations: number;
  readonly mix: readonly { readonly operation: Operation; readonly count: number; readonly share: number }[];
  /** Share of reads that found something; null where there are none, or the trace does not say. */
  readonly foundShare: number | null;
  /** Slots that scans gave. */
  readonly scannedSlots: number;
  /** Of values put and elements appended, in bytes; null where there are none. */
  readonly valueBytes: { readonly min: number; readonly mean: number; readonly max: number; readonly buckets: readonly Bucket[] } | null;
}

export interface TraceStats {
  readonly operations: number;
  readonly calls: number;
  /** All tables together first. */
  readonly tables: readonly TableStats[];
}

/**
 * What a trace asks of a store. A slot of a batch touches its key; a scan touches the keys that hold something where it looks, in
 * the order in which they first came, of which one that was stopped saw as many as it gave; a drop touches none.
 * @throws StatebenchError `bad-data`
 */
export async function traceStats(trace: Trace): Promise<TraceStats> {
  const { end, tables, knowsFound } = trace;
  const all = new Counts(null, end.operations, knowsFound);
  const followed = tables.map((spec) => new FollowedTable(spec, all, new Counts(spec.name, end.operations, knowsFound)));
  const globalIds = { next: 0 };
  let at = 0;
  for await (const piece of trace.pieces()) {
    for (const call of piece) {
      followed[call.table]!.follow(call, at, globalIds);
      at += operationsOf(call);
    }
  }
  return { operations: end.operations, calls: end.calls, tables: [all.save(), ...followed.map(({ counts }) => counts.save())] };
}

/** What is counted for one table, or for all. */
class Counts {
  readonly touches: Touches;
  calls = 0;
  found = 0;
  scannedSlots = 0;
  readonly #table: string | null;
  readonly #knowsFound: boolean;
  readonly #mix = new Map<Operation, number>(OPERATIONS.map((operation) => [operation, 0]));
  readonly #sizes = new PowersOfTwo();
  #bytesMin = Number.POSITIVE_INFINITY;
  #bytesMax = 0;
  #bytes = 0;
  #values = 0;

  constructor(table: string | null, operations: number, knowsFound: boolean) {
    this.#table = table;
    this.#knowsFound = knowsFound;
    this.touches = new Touches(operations);
  }

  count(operation: Operation): void {
    this.#mix.set(operation, this.#mix.get(operation)! + 1);
  }

  value(bytes: number): void {
    this.#sizes.add(bytes);
    this.#bytes += bytes;
    this.#values++;
    if (bytes < this.#bytesMin) this.#bytesMin = bytes;
    if (bytes > this.#bytesMax) this.#bytesMax = bytes;
  }

  save(): TableStats {
    const operations = [...this.#mix.values()].reduce((sum, count) => sum + count, 0);
    const reads = this.#mix.get('read')!;
    const values = { min: this.#bytesMin, mean: this.#bytes / this.#values, max: this.#bytesMax, buckets: this.#sizes.save() };
    return {
      table: this.#table,
      calls: this.calls,
      operations,
      mix: OPERATIONS.map((operation) => {
        const count = this.#mix.get(operation)!;
        return { operation, count, share: operations === 0 ? 0 : count / operations };
      }),
      foundShare: this.#knowsFound && reads > 0 ? this.found / reads : null,
      scannedSlots: this.scannedSlots,
      valueBytes: this.#values === 0 ? null : values,
      ...this.touches.save(),
    };
  }
}

/** Follows one table: its keys, which of them hold something, and what is counted. */
class FollowedTable {
  readonly counts: Counts;
  readonly #both: readonly [Counts, Counts];
  readonly #spec: TableSpec;
  /** Keys by window and key, numbered within the table. */
  readonly #keys: WordDictionary;
  /** The same keys' numbers among all tables. */
  readonly #globalIds: number[] = [];
  readonly #live = new LiveKeys();

  constructor(spec: TableSpec, all: Counts, counts: Counts) {
    this.#spec = spec;
    this.counts = counts;
    this.#both = [all, counts];
    this.#keys = new WordDictionary((8 + spec.keyBytes) / 4);
  }

  follow(call: TraceCall, at: number, globalIds: { next: number }): void {
    const { kind, window, batch } = call;
    for (const counts of this.#both) counts.calls++;
    if (kind === 'scan') this.#scan(call, at);
    else if (kind === 'drop') {
      for (const counts of this.#both) counts.count('drop');
      this.#live.drop(window);
    } else for (let slot = 0; slot < batch.length; slot++) this.#slot(call, slot, at + slot, globalIds);
  }

  #slot({ kind, batch, present, lengths }: TraceCall, slot: number, at: number, globalIds: { next: number }): void {
    const isPresent = present[slot] === 1;
    const operation = kind === 'write' ? (isPresent ? 'put' : 'delete') : (kind as 'read' | 'append' | 'remove');
    const stores = operation === 'put' || operation === 'append';
    for (const counts of this.#both) {
      counts.count(operation);
      if (kind === 'read' && isPresent) counts.found++;
      if (stores) counts.value(lengths[slot]!);
    }
    const from = (slot * batch.addressStride) >>> 2;
    let id = this.#keys.find(batch.addressWords, from, batch.hashes[slot]!);
    if (id < 0) {
      id = this.#keys.add(batch.addressWords, from, batch.hashes[slot]!);
      this.#globalIds.push(globalIds.next++);
    }
    this.#touch(id, at);
    if (kind === 'read') return;
    const group = batch.keys[slot]!.toString('latin1', 0, this.#spec.groupBytes);
    if (stores) this.#live.put(id, batch.windows[slot]!, group);
    else this.#live.delete(id, batch.windows[slot]!, group);
  }

  #scan({ window, group, slots, stopped }: TraceCall, at: number): void {
    for (const counts of this.#both) {
      counts.count(group === null ? 'scan' : 'scan of a group');
      counts.scannedSlots += slots;
    }
    let left = stopped ? slots : Number.POSITIVE_INFINITY;
    for (const id of this.#live.in(window, group === null ? null : group.toString('latin1'))) {
      if (left-- <= 0) break;
      this.#touch(id, at);
    }
  }

  #touch(id: number, at: number): void {
    this.#both[0].touches.touch(this.#globalIds[id]!, at);
    this.counts.touches.touch(id, at);
  }
}
