import { type ListTable, type Pending, StateBatch, type StateStore, type TableSpec } from '../../backends/contract.ts';
import type { HolisticAggregate, Stage } from '../../workloads/contract.ts';
import { voidMissingBytes } from './returned-bytes.ts';
import type { Session, SessionContents, TakenEvents } from './session-contents.ts';
import type { SessionRows } from './session-rows.ts';
import { NO_NODE, pushKey, type SessionSlots } from './session-slots.ts';
import { type SavedStage, SCAN_SLOTS, stageTable } from './stage.ts';

/**
 * List windows in turn, one a gap of event time. More than a key has lists at a time, as a rule, and so many that what was removed
 * from one is long gone from a log-structured store when its turn comes again.
 */
const TURNS = 64;

/** The table of a stage's lists. The lists of a key are told apart by their windows. */
export function listTable(stage: Pick<Stage, 'keyPrefixBytes'>, index: number, { inputWidth }: HolisticAggregate): TableSpec {
  const table = stageTable(stage, index, { part: 'lists', kind: 'list', valueBytes: 8 * inputWidth });
  return { ...table, groupBytes: table.keyBytes };
}

/** A session as it is, or was after an event of the micro-batch, to be read and to give a row. */
interface Wanted {
  readonly session: Session;
  readonly nodes: readonly number[];
  /** The event; Infinity: all that came. */
  readonly event: number;
}

/**
 * Sessions of lists. A node is a segment, the payload its list's window: events are appended blind, and where a session grows
 * together from several segments, they stay as they are. When it fires, its lists are scanned one after the other.
 */
export class SessionLists implements SessionContents {
  readonly #aggregate: HolisticAggregate;
  readonly #table: ListTable;
  readonly #tableName: string;
  readonly #gapMs: number;
  readonly #rows: SessionRows;
  readonly #batch: StateBatch;
  readonly #scanBatch: StateBatch;
  readonly #removed: StateBatch;
  readonly #open: Set<number>;
  #taken: TakenEvents | undefined;
  readonly #wanted: Wanted[] = [];
  readonly #forgotten: Wanted[] = [];
  #elements = new Float64Array(256);
  /** Doubles in {@link #elements}. */
  #gathered = 0;

  constructor(
    store: StateStore,
    spec: TableSpec,
    {
      aggregate,
      gapMs,
      batchSize,
      open,
      rows,
    }: {
      readonly aggregate: HolisticAggregate;
      readonly gapMs: number;
      readonly batchSize: number;
      readonly open: SavedStage['open'];
      readonly rows: SessionRows;
    },
  ) {
    this.#aggregate = aggregate;
    this.#table = store.list(spec.name);
    this.#tableName = spec.name;
    this.#gapMs = gapMs;
    this.#rows = rows;
    this.#batch = new StateBatch(batchSize, spec);
    this.#scanBatch = new StateBatch(SCAN_SLOTS, spec);
    this.#removed = new StateBatch(SCAN_SLOTS, spec);
    this.#open = new Set(open[spec.name]);
  }

  begin(taken: TakenEvents): void {
    this.#taken = taken;
  }

  opened(slot: number, node: number, timeMs: number): void {
    const { slots } = this.#taken!;
    const turn = Math.floor(timeMs / this.#gapMs) % TURNS;
    let list = turn < 0 ? turn + TURNS : turn;
    // Above the turns go the lists of a key that has one in each.
    for (let tried = 1; isListOf(slots, slot, node, list); tried++) list = tried < TURNS ? (list + 1) % TURNS : tried;
    slots.payloads[node] = list;
    this.#open.add(list);
  }

  touched(): void {}

  updated(session: Session, event: number): void {
    this.#wanted.push(wanted(this.#taken!.slots, session, event));
  }

  taken(): void {
    const { events, from, count, slots, slotOf, nodes } = this.#taken!;
    const batch = this.#batch;
    const { inputWidth } = this.#aggregate;
    const strideWords = slots.batch.addressStride >>> 2;
    batch.clear();
    for (let event = 0; event < count; event++) {
      const node = nodes[event]!;
      if (node === NO_NODE) continue;
      const at = pushKey(batch, slots.payloads[node]!, slots.batch.addressWords, slotOf[event]! * strideWords + 2);
      batch.present[at] = 1;
      for (let i = 0; i < inputWidth; i++) batch.valueDoubles[at * inputWidth + i] = events.values[(from + event) * inputWidth + i]!;
    }
  }

  stored(): Pending {
    if (this.#batch.length === 0) return;
    const pending = this.#table.append(this.#batch);
    if (this.#wanted.length > 0) return this.#giveRows(pending, this.#taken!.slots);
    return pending;
  }

  fire(slots: SessionSlots, session: Session): void {
    this.#wanted.push(wanted(slots, session, Number.POSITIVE_INFINITY));
  }

  forget(slots: SessionSlots, session: Session): void {
    this.#forgotten.push(wanted(slots, session, Number.POSITIVE_INFINITY));
  }

  async fired(slots: SessionSlots): Promise<void> {
    await this.#giveRows(undefined, slots);
    const removed = this.#removed;
    removed.clear();
    for (const { session, nodes } of this.#forgotten) {
      for (const node of nodes) {
        pushKey(removed, slots.payloads[node]!, slots.batch.addressWords, session.slot * (slots.batch.addressStride >>> 2) + 2);
        if (removed.length === removed.capacity) await this.#remove();
      }
    }
    this.#forgotten.length = 0;
    if (removed.length > 0) await this.#remove();
  }

  async held(slots: SessionSlots, session: Session): Promise<readonly number[]> {
    await this.#gather(slots, wanted(slots, session, Number.POSITIVE_INFINITY));
    const { inputWidth } = this.#aggregate;
    const elements: number[][] = [];
    for (let at = 0; at < this.#gathered; at += inputWidth) elements.push([...this.#elements.subarray(at, at + inputWidth)]);
    return elements.sort(byNumbers).flat();
  }

  open(): SavedStage['open'] {
    return { [this.#tableName]: [...this.#open].sort((a, b) => a - b) };
  }

  async #giveRows(first: Pending, slots: SessionSlots): Promise<void> {
    if (first) await first;
    const { inputWidth } = this.#aggregate;
    for (const each of this.#wanted) {
      await this.#gather(slots, each);
      const { slot, startMs, endMs } = each.session;
      const at = this.#rows.add(startMs, endMs, slots.batch, slot);
      this.#aggregate.reduce(this.#elements, this.#gathered / inputWidth, this.#rows.numbers, at);
    }
    this.#wanted.length = 0;
    const pending = this.#rows.flush();
    if (pending) await pending;
  }

  /** Reads the lists of a session, one after the other, into {@link #elements}. */
  async #gather(slots: SessionSlots, { session: { slot }, nodes, event }: Wanted): Promise<void> {
    const width = this.#aggregate.inputWidth;
    this.#gathered = 0;
    for (const node of nodes) {
      for await (const batch of this.#table.scan(slots.payloads[node]!, this.#scanBatch, slots.batch.keys[slot]!)) {
        voidMissingBytes(batch);
        const { length, valueDoubles } = batch;
        const doubles = length * width;
        if (this.#gathered + doubles > this.#elements.length) {
          const grown = new Float64Array(2 * (this.#gathered + doubles));
          grown.set(this.#elements);
          this.#elements = grown;
        }
        for (let i = 0; i < doubles; i++) this.#elements[this.#gathered + i] = valueDoubles[i]!;
        this.#gathered += doubles;
      }
      if (event !== Number.POSITIVE_INFINITY) this.#gathered -= width * this.#eventsAfter(event, node);
    }
  }

  /** How many events of the micro-batch came to a node after this one. */
  #eventsAfter(event: number, node: number): number {
    const { nodes, count } = this.#taken!;
    let after = 0;
    for (let i = event + 1; i < count; i++) if (nodes[i] === node) after++;
    return after;
  }

  async #remove(): Promise<void> {
    const pending = this.#table.remove(this.#removed);
    if (pending) await pending;
    this.#removed.clear();
  }
}

function isListOf({ heads, nexts, payloads }: SessionSlots, slot: number, but: number, list: number): boolean {
  for (let node = heads[slot]!; node !== NO_NODE; node = nexts[node]!) if (node !== but && payloads[node] === list) return true;
  return false;
}

/** Copies what of a session may change: the object is its teller's, and chains are cut when a session is over. */
function wanted({ nexts }: SessionSlots, session: Session, event: number): Wanted {
  const nodes = [session.first];
  for (let node = session.first; node !== session.last; ) {
    node = nexts[node]!;
    nodes.push(node);
  }
  return { session: { ...session }, nodes, event };
}

function byNumbers(a: readonly number[], b: readonly number[]): number {
  for (const [i, number] of a.entries()) if (number !== b[i]) return number - b[i]!;
  return 0;
}
