/** What the tables of one store stand on: the cells, the epochs, and the row keys of a batch's slots. */
import { BackendError, type StateBatch, type TableSpec, WINDOW_BYTES } from '../contract.ts';
import type { StoreEpochs } from '../epochs/store-epochs.ts';
import type { WindowIds } from '../epochs/window-ids.ts';
import type { Cell } from './cells.ts';
import { PREFIX_BYTES, setId, tablePrefix } from './rows.ts';
import type { StateCells } from './state-cells.ts';
import type { ThriftWriter } from './thrift-protocol.ts';

export interface TableGround {
  readonly cells: StateCells;
  readonly epochs: StoreEpochs;
  readonly number: number;
  readonly spec: TableSpec;
  /** Has to be called, and waited for, before anything is written. */
  begin(): Promise<void> | undefined;
  /** Is told that rows may have become free. */
  freed(): void;
}

/** The slots of a batch whose windows have ids, and their row keys, without what comes behind the key. */
export class SlotRows {
  readonly #prefix: Buffer;
  readonly #windows: WindowIds;
  readonly #rowBytes: number;
  #batch: StateBatch | undefined;
  #slots = new Uint32Array(0);
  #ids = new Uint32Array(0);

  /** @param suffixBytes what comes behind the key in a row. */
  constructor({ epochs, number, spec }: TableGround, suffixBytes = 0) {
    this.#prefix = tablePrefix(epochs.namespace, number);
    this.#windows = epochs.windows[number]!;
    this.#rowBytes = PREFIX_BYTES + spec.keyBytes + suffixBytes;
  }

  /** @returns how many slots have windows that were written. */
  find(batch: StateBatch): number {
    return this.#gather(batch, (window) => this.#windows.find(window)?.id);
  }

  /** As {@link find}, and gives the windows of slots with a value ids if they have none. */
  written(batch: StateBatch, epoch: number, isWritten: (slot: number) => boolean): number {
    return this.#gather(batch, (window, slot) =>
      isWritten(slot) ? this.#windows.written(window, epoch).id : this.#windows.find(window)?.id,
    );
  }

  slot(index: number): number {
    return this.#slots[index]!;
  }

  /** Writes the length and the bytes of a row, but for what comes behind the key. */
  write(writer: ThriftWriter, index: number): void {
    const { addressArena, addressStride } = this.#batch!;
    const end = (this.#slots[index]! + 1) * addressStride;
    writer.i32(this.#rowBytes);
    setId(this.#prefix, this.#ids[index]!);
    writer.put(this.#prefix, 0, PREFIX_BYTES);
    writer.put(addressArena, end - addressStride + WINDOW_BYTES, end);
  }

  #gather(batch: StateBatch, idOf: (window: number, slot: number) => number | undefined): number {
    if (this.#slots.length < batch.length) {
      this.#slots = new Uint32Array(batch.capacity);
      this.#ids = new Uint32Array(batch.capacity);
    }
    this.#batch = batch;
    const { windows, length } = batch;
    let count = 0;
    let last = Number.NaN;
    let id: number | undefined;
    for (let slot = 0; slot < length; slot++) {
      const window = windows[slot]!;
      // A window without an id may get one by a later slot of it.
      if (window !== last || id === undefined) {
        id = idOf(window, slot);
        last = window;
      }
      if (id === undefined) continue;
      this.#slots[count] = slot;
      this.#ids[count++] = id;
    }
    return count;
  }
}

/** Copies a cell's value from its byte `from` on into a slot, which is then present. @throws BackendError `damaged` if it does not fit. */
export function takeValue(batch: StateBatch, slot: number, { bytes, valueStart, valueEnd }: Cell, from: number): void {
  const length = valueEnd - valueStart - from;
  if (length > batch.valueBytes) {
    throw new BackendError(
      'damaged',
      `the HBase table holds a value of ${length} bytes where at most ${batch.valueBytes} can be: begin again`,
    );
  }
  const { valueArena } = batch;
  let to = slot * batch.valueStride;
  for (let at = valueStart + from; at < valueEnd; at++) valueArena[to++] = bytes[at]!;
  batch.lengths[slot] = length;
  batch.present[slot] = 1;
}

/** The next slot of a batch, for the key that stands in a cell's row. */
export function pushKey(batch: StateBatch, window: number, { bytes, rowStart }: Cell): number {
  const slot = batch.push(window);
  const { addressArena, addressStride, keyBytes } = batch;
  const to = slot * addressStride + WINDOW_BYTES;
  const from = rowStart + PREFIX_BYTES;
  for (let i = 0; i < keyBytes; i++) addressArena[to + i] = bytes[from + i]!;
  return slot;
}
