import { keyHash, type Pending, StateBatch, slotHash, type TableSpec, type ValueTable, windowHash } from '../../backends/contract.ts';
import type { Stage } from '../../workloads/contract.ts';
import { SCAN_SLOTS, stageTable } from './stage.ts';

/** Ends a chain of sessions; as a node it takes what belongs to none. */
export const NO_NODE = 0;

/** Doubles in front of a block's entries: in the first block of a key how many blocks it has, and until when it has fired. */
const HEADER_DOUBLES = 2;
/** Doubles in front of an entry's payload: start and end. */
const SPAN_DOUBLES = 2;
/** Few keys have more sessions open at a time; those of wide accumulators get fewer, so that a block stays small. */
const BLOCK_ENTRIES_MAX = 4;
const BLOCK_BYTES_WANTED = 512;

/** The table of a stage's sessions: in window 0 the first block of each key's entries, in windows 1, 2, … the blocks that follow. */
export function sessionTable(stage: Pick<Stage, 'keyPrefixBytes'>, index: number, payloadDoubles: number): TableSpec {
  const entryDoubles = SPAN_DOUBLES + payloadDoubles;
  const entries = Math.max(1, Math.min(BLOCK_ENTRIES_MAX, Math.floor(BLOCK_BYTES_WANTED / (8 * entryDoubles))));
  return stageTable(stage, index, { part: 'sessions', kind: 'value', valueBytes: 8 * (HEADER_DOUBLES + entries * entryDoubles) });
}

/** Takes the next slot of a batch for `window` and the key whose words begin at `at`. */
export function pushKey(batch: StateBatch, window: number, words: Uint32Array, at: number): number {
  const slot = batch.push(window);
  const count = batch.keyBytes >>> 2;
  const to = slot * (batch.addressStride >>> 2) + 2;
  for (let word = 0; word < count; word++) batch.addressWords[to + word] = words[at + word]!;
  batch.hashes[slot] = slotHash(keyHash(words, at, count), windowHash(window));
  return slot;
}

/**
 * The sessions of the keys of a batch. `load` reads them and lays them out as nodes, a chain a slot in order of start, however
 * many there are; `store` writes the chains back. A node's number is its place in every arena. What a node is to its owner is in
 * its payload: an accumulator, or the name of a list.
 */
export class SessionSlots {
  /** The keys, in window 0, to be filled in by the caller. */
  readonly batch: StateBatch;
  /** The first node of each slot. */
  readonly heads: Int32Array;
  /** The watermark at which each slot's sessions last fired and were kept; −Infinity if none did. */
  readonly firedUntilMs: Float64Array;
  readonly payloadDoubles: number;
  /** The node after each. */
  nexts = new Int32Array(0);
  startsMs = new Float64Array(0);
  endsMs = new Float64Array(0);
  payloads = new Float64Array(0);
  /** 1 if a node's payload is that of something; 0 for a new one. */
  present = new Uint8Array(0);
  readonly #table: ValueTable;
  readonly #spec: TableSpec;
  readonly #blockEntries: number;
  readonly #entryWords: number;
  /** Blocks of each slot in the store. */
  readonly #storedBlocks: Int32Array;
  #payloadWords = new Uint32Array(0);
  #nodes = 0;
  /** The most blocks that a key has had. */
  #blocksMax: number;
  /** The blocks after the first, and which slot each is of. Made for the first key that needs it. */
  #blocks: StateBatch | undefined;
  #blockSlots = new Int32Array(0);

  constructor(table: ValueTable, spec: TableSpec, payloadDoubles: number, capacity: number, blocksMax: number) {
    this.#table = table;
    this.#spec = spec;
    this.#blocksMax = blocksMax;
    this.payloadDoubles = payloadDoubles;
    this.#entryWords = 2 * (SPAN_DOUBLES + payloadDoubles);
    this.#blockEntries = (spec.valueBytes / 8 - HEADER_DOUBLES) / (SPAN_DOUBLES + payloadDoubles);
    this.batch = new StateBatch(capacity, spec);
    this.heads = new Int32Array(capacity);
    this.firedUntilMs = new Float64Array(capacity);
    this.#storedBlocks = new Int32Array(capacity);
    this.reserve(2 * capacity);
  }

  /** The most blocks that a key has had: the table's windows are 0 to one less. */
  get blocksMax(): number {
    return this.#blocksMax;
  }

  /** Makes room for so many nodes more than there are, so that the arenas stay where they are meanwhile. */
  reserve(nodes: number): void {
    const needed = this.#nodes + nodes + 1;
    if (needed <= this.nexts.length) return;
    const capacity = Math.max(needed, 2 * this.nexts.length);
    const { nexts, startsMs, endsMs, present } = this;
    const payloadWords = this.#payloadWords;
    this.nexts = new Int32Array(capacity);
    this.startsMs = new Float64Array(capacity);
    this.endsMs = new Float64Array(capacity);
    this.present = new Uint8Array(capacity);
    this.payloads = new Float64Array(capacity * this.payloadDoubles);
    this.#payloadWords = new Uint32Array(this.payloads.buffer);
    this.nexts.set(nexts);
    this.startsMs.set(startsMs);
    this.endsMs.set(endsMs);
    this.present.set(present);
    this.#payloadWords.set(payloadWords);
  }

  /** Puts a new node into a slot's chain, after `previous` ({@link NO_NODE}: in front). Room for it is reserved. */
  insert(slot: number, previous: number, startMs: number, endMs: number): number {
    const node = ++this.#nodes;
    this.startsMs[node] = startMs;
    this.endsMs[node] = endMs;
    this.present[node] = 0;
    this.nexts[node] = previous === NO_NODE ? this.heads[slot]! : this.nexts[previous]!;
    this.link(slot, previous, node);
    return node;
  }

  /** Makes `node` the one that follows `previous`, or the slot's first. */
  link(slot: number, previous: number, node: number): void {
    if (previous === NO_NODE) this.heads[slot] = node;
    else this.nexts[previous] = node;
  }

  /** Reads the sessions of the batch's keys. */
  load(): Pending {
    const pending = this.#table.read(this.batch);
    if (pending) return pending.then(() => this.#decode());
    return this.#decode();
  }

  /** Takes out the slots that `changed` has a 0 for; the others move up. */
  keep(changed: Uint8Array): void {
    const { batch, heads } = this;
    const { length, hashes } = batch;
    batch.clear();
    for (let slot = 0; slot < length; slot++) {
      if (changed[slot] === 0) continue;
      const kept = batch.pushAddress(batch.addresses[slot]!);
      hashes[kept] = hashes[slot]!;
      heads[kept] = heads[slot]!;
      this.firedUntilMs[kept] = this.firedUntilMs[slot]!;
      this.#storedBlocks[kept] = this.#storedBlocks[slot]!;
    }
  }

  /** Writes them back; a key that has none is forgotten. */
  store(): Pending {
    const { batch, heads, firedUntilMs, nexts } = this;
    const stride = batch.valueStride >>> 3;
    let isOneBlockEach = true;
    for (let slot = 0; slot < batch.length; slot++) {
      let blocks = 1;
      let rest = this.#encodeBlock(batch, slot, heads[slot]!);
      for (; rest !== NO_NODE; blocks++) for (let i = 0; i < this.#blockEntries && rest !== NO_NODE; i++) rest = nexts[rest]!;
      if (blocks > 1 || this.#storedBlocks[slot]! > 1) isOneBlockEach = false;
      batch.present[slot] = heads[slot] === NO_NODE ? 0 : 1;
      batch.valueDoubles[slot * stride] = blocks;
      batch.valueDoubles[slot * stride + 1] = firedUntilMs[slot]!;
    }
    const pending = this.#table.write(batch);
    return isOneBlockEach ? pending : this.#storeBlocks(pending);
  }

  #decode(): Pending {
    const { batch, heads, firedUntilMs } = this;
    const storedBlocks = this.#storedBlocks;
    const stride = batch.valueStride >>> 3;
    this.#nodes = 0;
    let isOneBlockEach = true;
    for (let slot = 0; slot < batch.length; slot++) {
      heads[slot] = NO_NODE;
      if (batch.present[slot] === 0) {
        firedUntilMs[slot] = Number.NEGATIVE_INFINITY;
        storedBlocks[slot] = 0;
        continue;
      }
      const blocks = batch.valueDoubles[slot * stride]!;
      storedBlocks[slot] = blocks;
      firedUntilMs[slot] = batch.valueDoubles[slot * stride + 1]!;
      if (blocks > 1) isOneBlockEach = false;
      this.#decodeBlock(batch, slot, slot, NO_NODE);
    }
    if (!isOneBlockEach) return this.#loadBlocks();
  }

  /** Appends the entries of a block to the chain of `slot`, of which `tail` is the last node. */
  #decodeBlock(block: StateBatch, blockSlot: number, slot: number, tail: number): void {
    const entryWords = this.#entryWords;
    // An entry of which bytes are missing is none.
    const entries = Math.floor(((block.lengths[blockSlot]! >>> 2) - 2 * HEADER_DOUBLES) / entryWords);
    this.reserve(entries);
    const { valueWords, valueDoubles } = block;
    const payloadWords = this.#payloadWords;
    const words = 2 * this.payloadDoubles;
    let from = blockSlot * (block.valueStride >>> 2) + 2 * HEADER_DOUBLES;
    let previous = tail;
    for (let i = 0; i < entries; i++) {
      const node = this.insert(slot, previous, valueDoubles[from >>> 1]!, valueDoubles[(from >>> 1) + 1]!);
      this.present[node] = 1;
      // As words: a number in a payload may be a NaN that means something.
      for (let word = 0; word < words; word++) payloadWords[node * words + word] = valueWords[from + 2 * SPAN_DOUBLES + word]!;
      from += entryWords;
      previous = node;
    }
  }

  /** Writes the chain from `node` on into a block, as far as there is room, and returns the node after. */
  #encodeBlock(block: StateBatch, blockSlot: number, node: number): number {
    const { startsMs, endsMs, nexts } = this;
    const { valueWords, valueDoubles } = block;
    const payloadWords = this.#payloadWords;
    const words = 2 * this.payloadDoubles;
    const first = blockSlot * (block.valueStride >>> 2);
    let to = first + 2 * HEADER_DOUBLES;
    let at = node;
    for (let i = 0; i < this.#blockEntries && at !== NO_NODE; i++) {
      valueDoubles[to >>> 1] = startsMs[at]!;
      valueDoubles[(to >>> 1) + 1] = endsMs[at]!;
      for (let word = 0; word < words; word++) valueWords[to + 2 * SPAN_DOUBLES + word] = payloadWords[at * words + word]!;
      to += this.#entryWords;
      at = nexts[at]!;
    }
    block.lengths[blockSlot] = 4 * (to - first);
    return at;
  }

  async #loadBlocks(): Promise<void> {
    const blocks = this.#clearedBlocks();
    for (let slot = 0; slot < this.batch.length; slot++) {
      for (let block = 1; block < this.#storedBlocks[slot]!; block++) {
        this.#pushBlock(slot, block);
        if (blocks.length === blocks.capacity) await this.#readBlocks(blocks);
      }
    }
    await this.#readBlocks(blocks);
  }

  async #readBlocks(blocks: StateBatch): Promise<void> {
    const pending = this.#table.read(blocks);
    if (pending) await pending;
    for (let i = 0; i < blocks.length; i++) {
      const slot = this.#blockSlots[i]!;
      let tail = this.heads[slot]!;
      while (this.nexts[tail] !== NO_NODE) tail = this.nexts[tail]!;
      this.#decodeBlock(blocks, i, slot, tail);
    }
    blocks.clear();
  }

  async #storeBlocks(first: Pending): Promise<void> {
    if (first) await first;
    const blocks = this.#clearedBlocks();
    for (let slot = 0; slot < this.batch.length; slot++) {
      let node = this.heads[slot]!;
      for (let i = 0; i < this.#blockEntries && node !== NO_NODE; i++) node = this.nexts[node]!;
      for (let block = 1; node !== NO_NODE || block < this.#storedBlocks[slot]!; block++) {
        const at = this.#pushBlock(slot, block);
        blocks.present[at] = node === NO_NODE ? 0 : 1;
        node = this.#encodeBlock(blocks, at, node);
        this.#blocksMax = Math.max(this.#blocksMax, block + 1);
        if (blocks.length === blocks.capacity) await this.#writeBlocks(blocks);
      }
    }
    await this.#writeBlocks(blocks);
  }

  async #writeBlocks(blocks: StateBatch): Promise<void> {
    const pending = this.#table.write(blocks);
    if (pending) await pending;
    blocks.clear();
  }

  #clearedBlocks(): StateBatch {
    if (this.#blocks === undefined) {
      this.#blocks = new StateBatch(SCAN_SLOTS, this.#spec);
      this.#blockSlots = new Int32Array(SCAN_SLOTS);
    }
    this.#blocks.clear();
    return this.#blocks;
  }

  #pushBlock(slot: number, block: number): number {
    const blocks = this.#blocks!;
    const at = pushKey(blocks, block, this.batch.addressWords, slot * (this.batch.addressStride >>> 2) + 2);
    this.#blockSlots[at] = slot;
    return at;
  }
}
