import type { Pending, StateBatch, TableSpec } from '../../backends/contract.ts';
import type { AggregateStage, EventBatch, HolisticAggregate, IncrementalAggregate, SessionWindow } from '../../workloads/contract.ts';
import { keyOf } from './held-rows.ts';
import type { Operator } from './operator.ts';
import { sessionAccumulators } from './session-accumulators.ts';
import type { Session, SessionContents } from './session-contents.ts';
import { listTable, SessionLists } from './session-lists.ts';
import { SessionRows } from './session-rows.ts';
import { NO_NODE, pushKey, SessionSlots, sessionTable } from './session-slots.ts';
import { SessionTimers, timerTable } from './session-timers.ts';
import { keyProjection, projectedKeyHash, SlotGrouping } from './slot-grouping.ts';
import { type HeldRow, type RunningStage, type SavedStage, SCAN_SLOTS, type StageRequest } from './stage.ts';

/** Sessions of accumulators: each event's session is read, folded into and written with all others of its key, in one value. */
export function sessionIncremental(stage: AggregateStage, window: SessionWindow, aggregate: IncrementalAggregate): Operator {
  const payloadDoubles = aggregate.accumulatorWidth;
  const tables = (index: number) => ({ sessions: sessionTable(stage, index, payloadDoubles), timers: timerTable(stage, index) });
  return {
    tables: (index) => Object.values(tables(index)),
    open: (request) =>
      new SessionStage(request, { stage, window, payloadDoubles, ...tables(request.index) }, (rows) =>
        sessionAccumulators(aggregate, rows),
      ),
  };
}

/** Sessions of lists: events are appended blind, and what is read and written of a key are its sessions' times and list names. */
export function sessionHolistic(stage: AggregateStage, window: SessionWindow, aggregate: HolisticAggregate): Operator {
  const payloadDoubles = 1;
  const tables = (index: number) => ({ sessions: sessionTable(stage, index, payloadDoubles), timers: timerTable(stage, index) });
  const lists = (index: number) => listTable(stage, index, aggregate);
  return {
    tables: (index) => [...Object.values(tables(index)), lists(index)],
    open(request) {
      const { index, store, batchSize, saved } = request;
      const { gapMs } = window;
      return new SessionStage(
        request,
        { stage, window, payloadDoubles, ...tables(index) },
        (rows) => new SessionLists(store, lists(index), { aggregate, gapMs, batchSize, open: saved.open, rows }),
      );
    },
  };
}

interface SessionPlan {
  readonly stage: AggregateStage;
  readonly window: SessionWindow;
  readonly payloadDoubles: number;
  readonly sessions: TableSpec;
  readonly timers: TableSpec;
}

/**
 * Session windows by Flink's rule. A micro-batch is grouped by key, the sessions of its keys are read in one call, take the events
 * in the order of the stream, and are written in one call.
 *
 * A key with sessions has a timer due no later than the first of them is due to fire or, once fired, to be forgotten. A session that
 * grows leaves it as it is: a timer that comes too early is set anew when it is due. If an earlier one is needed, the later stays,
 * and is set anew with that.
 *
 * A session has fired exactly if the watermark has reached its last millisecond, so nothing says so in the store.
 */
class SessionStage implements RunningStage {
  lateEvents: number;
  readonly #sessionsName: string;
  readonly #timersName: string;
  readonly #gapMs: number;
  readonly #latenessMs: number;
  readonly #projection: ReturnType<typeof keyProjection>;
  /** Of the keys of a micro-batch. */
  readonly #slots: SessionSlots;
  readonly #grouping: SlotGrouping;
  readonly #slotOf: Int32Array;
  readonly #nodes: Int32Array;
  /** When each slot was due when it was read. */
  readonly #storedDuesMs: Float64Array;
  /** Of the keys whose timers are due. */
  readonly #dueSlots: SessionSlots;
  /** 1 for those of which a session has fired or is over. */
  readonly #changed = new Uint8Array(SCAN_SLOTS);
  readonly #timers: SessionTimers;
  readonly #contents: SessionContents;
  readonly #session: Session = { slot: 0, first: NO_NODE, last: NO_NODE, startMs: 0, endMs: 0 };
  #watermarkMs: number;

  constructor(
    { index, store, batchSize, saved, watermarkMs, delayMs, emit }: StageRequest,
    { stage, window, payloadDoubles, sessions, timers }: SessionPlan,
    contentsOf: (rows: SessionRows) => SessionContents,
  ) {
    this.#sessionsName = sessions.name;
    this.#timersName = timers.name;
    this.#gapMs = window.gapMs;
    this.#latenessMs = stage.allowedLatenessMs;
    this.lateEvents = saved.lateEvents;
    this.#watermarkMs = watermarkMs;
    this.#projection = keyProjection(stage.keyPrefixBytes);
    const table = store.value(sessions.name);
    const blocksMax = (saved.open[sessions.name]?.at(-1) ?? 0) + 1;
    this.#slots = new SessionSlots(table, sessions, payloadDoubles, batchSize, blocksMax);
    this.#dueSlots = new SessionSlots(table, sessions, payloadDoubles, SCAN_SLOTS, 1);
    this.#grouping = new SlotGrouping(this.#slots.batch, this.#projection);
    this.#slotOf = new Int32Array(batchSize);
    this.#nodes = new Int32Array(batchSize);
    this.#storedDuesMs = new Float64Array(batchSize);
    this.#timers = new SessionTimers(store.value(timers.name), timers, {
      horizonMs: this.#gapMs + this.#latenessMs + delayMs,
      watermarkMs,
      buckets: saved.open[timers.name] ?? [],
      batchSize,
    });
    this.#contents = contentsOf(new SessionRows(index + 1, stage.aggregate.columns.length, sessions.keyBytes, emit));
  }

  process(events: EventBatch, from: number, count: number): Pending {
    const { keyWords } = events;
    const strideWords = events.keyBytes >>> 2;
    this.#grouping.begin();
    for (let i = 0; i < count; i++) {
      const hashOfKey = projectedKeyHash(keyWords, (from + i) * strideWords, this.#projection);
      this.#slotOf[i] = this.#grouping.slot(events, from + i, hashOfKey, 0);
    }
    const pending = this.#slots.load();
    if (pending) return pending.then(() => this.#takeAndStore(events, from, count));
    return this.#takeAndStore(events, from, count);
  }

  #takeAndStore(events: EventBatch, from: number, count: number): Pending {
    this.#take(events, from, count);
    return then(this.#slots.store(), () => then(this.#timers.flush(), () => this.#contents.stored()));
  }

  /** Takes the events into the sessions of their keys, and gathers the timers to be set. */
  #take(events: EventBatch, from: number, count: number): void {
    const slots = this.#slots;
    const contents = this.#contents;
    const slotOf = this.#slotOf;
    const nodes = this.#nodes;
    const { length, addressWords, addressStride } = slots.batch;
    const { timestamps } = events;
    const gapMs = this.#gapMs;
    const watermarkMs = this.#watermarkMs;
    slots.reserve(count);
    const { heads, nexts, startsMs, endsMs } = slots;
    for (let slot = 0; slot < length; slot++) this.#storedDuesMs[slot] = this.#firstDueMs(slots, slot, watermarkMs);
    contents.begin({ events, from, count, slots, slotOf, nodes });
    for (let i = 0; i < count; i++) {
      const slot = slotOf[i]!;
      const startMs = timestamps[from + i]!;
      const endMs = startMs + gapMs;
      let previous = NO_NODE;
      let node = heads[slot]!;
      while (node !== NO_NODE && endsMs[node]! < startMs) {
        previous = node;
        node = nexts[node]!;
      }
      if (node === NO_NODE || startsMs[node]! > endMs) {
        if (endMs - 1 + this.#latenessMs <= watermarkMs) {
          this.lateEvents++;
          nodes[i] = NO_NODE;
          continue;
        }
        node = slots.insert(slot, previous, startMs, endMs);
        contents.opened(slot, node, startMs);
      } else {
        if (startMs < startsMs[node]!) startsMs[node] = startMs;
        if (endMs > endsMs[node]!) endsMs[node] = endMs;
        const next = nexts[node]!;
        if (next !== NO_NODE && startsMs[next]! <= endsMs[node]!) contents.touched(slot, node, i);
      }
      nodes[i] = node;
      if (endsMs[node]! - 1 <= watermarkMs) this.#updateIfFired(slot, node, i);
    }
    contents.taken();
    const strideWords = addressStride >>> 2;
    for (let slot = 0; slot < length; slot++) {
      const dueMs = this.#firstDueMs(slots, slot, watermarkMs);
      if (dueMs < this.#storedDuesMs[slot]!) this.#timers.set(addressWords, slot * strideWords + 2, dueMs);
    }
  }

  /** When the first session of a slot is due; Infinity if there is none. */
  #firstDueMs(slots: SessionSlots, slot: number, watermarkMs: number): number {
    let firstMs = Number.POSITIVE_INFINITY;
    for (let node = slots.heads[slot]!; node !== NO_NODE; ) {
      node = this.#sessionFrom(slots, slot, node);
      firstMs = Math.min(firstMs, this.#dueMs(this.#session.endMs, watermarkMs));
    }
    return firstMs;
  }

  /** Event `event` went into a node that ends by the watermark: if its session does, that has fired. */
  #updateIfFired(slot: number, node: number, event: number): void {
    const slots = this.#slots;
    for (let first = slots.heads[slot]!; ; ) {
      const after = this.#sessionFrom(slots, slot, first);
      if (isAmong(slots, node, this.#session)) break;
      first = after;
    }
    if (this.#session.endMs - 1 <= this.#watermarkMs) this.#contents.updated(this.#session, event);
  }

  /** When a session is next due: to fire or, if it has, to be forgotten. */
  #dueMs(endMs: number, watermarkMs: number): number {
    return endMs - 1 > watermarkMs ? endMs - 1 : endMs - 1 + this.#latenessMs;
  }

  /** Describes the session that begins with `node`, which is as many nodes as touch, and returns the node after it. */
  #sessionFrom({ nexts, startsMs, endsMs }: SessionSlots, slot: number, node: number): number {
    let last = node;
    let endMs = endsMs[node]!;
    let next = nexts[node]!;
    while (next !== NO_NODE && startsMs[next]! <= endMs) {
      if (endsMs[next]! > endMs) endMs = endsMs[next]!;
      last = next;
      next = nexts[next]!;
    }
    const session = this.#session;
    session.slot = slot;
    session.first = node;
    session.last = last;
    session.startMs = startsMs[node]!;
    session.endMs = endMs;
    return next;
  }

  advance(watermarkMs: number): Pending {
    const due = this.#timers.due(watermarkMs);
    if (due.length > 0) return this.#visitAll(due, watermarkMs);
    this.#watermarkMs = watermarkMs;
  }

  async #visitAll(buckets: readonly number[], watermarkMs: number): Promise<void> {
    for (const bucketMs of buckets) await this.#visit(bucketMs, watermarkMs);
    this.#watermarkMs = watermarkMs;
  }

  /** Fires and forgets the sessions whose timers in this bucket are due, and sets timers for those that remain. */
  async #visit(bucketMs: number, watermarkMs: number): Promise<void> {
    const timers = this.#timers;
    const slots = this.#dueSlots;
    const isPast = timers.isPast(bucketMs);
    // Before a timer is set: it may go into a wider bucket that begins here.
    if (isPast) timers.unlist(bucketMs);
    let remaining = 0;
    for await (const page of timers.scan(bucketMs)) {
      const pending = this.#loadDue(page, watermarkMs);
      if (pending) await pending;
      const { addressWords, addressStride, length } = slots.batch;
      remaining += page.length - length;
      for (let slot = 0; slot < length; slot++) {
        const key = slot * (addressStride >>> 2) + 2;
        const dueMs = this.#fire(slot, watermarkMs);
        const isLast = dueMs === Number.POSITIVE_INFINITY;
        const isHere = !isPast && !isLast && timers.bucketOf(dueMs) === bucketMs;
        if (isHere) remaining++;
        else if (!isPast) timers.clear(addressWords, key, bucketMs);
        if (!isLast) timers.set(addressWords, key, dueMs);
      }
      const fired = this.#contents.fired(slots);
      if (fired) await fired;
      slots.keep(this.#changed);
      const stored = slots.batch.length > 0 ? slots.store() : undefined;
      if (stored) await stored;
    }
    // Not before the scan has ended: a table is not written to under one.
    const dropped = isPast ? timers.drop(bucketMs) : undefined;
    if (dropped) await dropped;
    const set = timers.flush();
    if (set) await set;
    if (!isPast && remaining === 0) timers.unlist(bucketMs);
  }

  /** Loads the sessions of the keys whose timers are due. */
  #loadDue({ length, addressWords, addressStride, valueDoubles }: StateBatch, watermarkMs: number): Pending {
    const { batch } = this.#dueSlots;
    batch.clear();
    for (let timer = 0; timer < length; timer++) {
      if (valueDoubles[timer]! <= watermarkMs) pushKey(batch, 0, addressWords, timer * (addressStride >>> 2) + 2);
    }
    if (batch.length > 0) return this.#dueSlots.load();
  }

  /** Fires and forgets what is due of a slot, and returns when the rest will be; Infinity if nothing remains. */
  #fire(slot: number, watermarkMs: number): number {
    const slots = this.#dueSlots;
    const session = this.#session;
    let remainsDueMs = Number.POSITIVE_INFINITY;
    let previous = NO_NODE;
    this.#changed[slot] = 0;
    // By an earlier timer of the key at this watermark, perhaps.
    const firedUntilMs = Math.max(this.#watermarkMs, slots.firedUntilMs[slot]!);
    for (let node = slots.heads[slot]!; node !== NO_NODE; ) {
      const next = this.#sessionFrom(slots, slot, node);
      const lastMs = session.endMs - 1;
      if (lastMs <= watermarkMs && lastMs > firedUntilMs) {
        this.#contents.fire(slots, session);
        slots.firedUntilMs[slot] = watermarkMs;
        this.#changed[slot] = 1;
      }
      if (lastMs + this.#latenessMs <= watermarkMs) {
        this.#contents.forget(slots, session);
        slots.link(slot, previous, next);
        this.#changed[slot] = 1;
      } else {
        remainsDueMs = Math.min(remainsDueMs, this.#dueMs(session.endMs, watermarkMs));
        previous = session.last;
      }
      node = next;
    }
    return remainsDueMs;
  }

  save(): SavedStage {
    return {
      open: {
        [this.#sessionsName]: Array.from({ length: this.#slots.blocksMax }, (_, block) => block),
        [this.#timersName]: this.#timers.open,
        ...this.#contents.open(),
      },
      lateEvents: this.lateEvents,
    };
  }

  /** By the timers, of which every key that has sessions has one or more. */
  async held(give: (row: HeldRow) => void): Promise<void> {
    const slots = this.#dueSlots;
    const seen = new Set<string>();
    for (const bucketMs of this.#timers.open) {
      for await (const page of this.#timers.scan(bucketMs)) {
        await this.#loadDue(page, Number.POSITIVE_INFINITY);
        for (let slot = 0; slot < slots.batch.length; slot++) {
          const key = keyOf(slots.batch, slot);
          if (seen.has(key.join())) continue;
          seen.add(key.join());
          for (let node = slots.heads[slot]!; node !== NO_NODE; ) {
            node = this.#sessionFrom(slots, slot, node);
            const { startMs, endMs } = this.#session;
            give({ startMs, endMs, key, numbers: await this.#contents.held(slots, this.#session) });
          }
        }
      }
    }
  }
}

function isAmong({ nexts }: SessionSlots, node: number, { first, last }: Session): boolean {
  for (let at = first; at !== node; at = nexts[at]!) if (at === last) return false;
  return true;
}

function then(first: Pending, next: () => Pending): Pending {
  return first ? first.then(next) : next();
}
