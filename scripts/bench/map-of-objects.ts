import { BackendError, type StateBackend, type StateBatch, type ValueTable } from '../../backends/contract.ts';

/** State as a stream processor written in an afternoon would keep it: an object a key, in a `Map` a window. */
interface Summary {
  count: number;
  sum: number;
  min: number;
  max: number;
}

/** A yardstick for the memory backend, for value tables of four doubles; it makes no checkpoints. */
export const mapOfObjects: StateBackend = {
  name: 'map-of-objects',
  settings: {},
  durability: 'volatile',
  async open({ tables }) {
    const values = new Map(tables.map(({ name }) => [name, table()]));
    return {
      value: (name) => values.get(name) ?? refuse(`there is no table '${name}'`),
      list: () => refuse('it has no lists'),
      checkpoint: () => refuse('it makes no checkpoints'),
      published() {},
      release() {},
      async close() {},
    };
  },
  restore: async () => refuse('it makes no checkpoints'),
};

function refuse(reason: string): never {
  throw new BackendError('refused', `the yardstick cannot do this: ${reason}`);
}

function table(): ValueTable {
  const windows = new Map<number, Map<string, Summary>>();
  const keyOf = (batch: StateBatch, slot: number) => batch.keys[slot]!.toString('latin1');
  return {
    read(batch) {
      for (let slot = 0; slot < batch.length; slot++) {
        const found = windows.get(batch.windows[slot]!)?.get(keyOf(batch, slot));
        batch.present[slot] = found === undefined ? 0 : 1;
        if (found !== undefined) put(batch, slot, found);
      }
    },
    write(batch) {
      for (let slot = 0; slot < batch.length; slot++) {
        const window = batch.windows[slot]!;
        let keys = windows.get(window);
        if (keys === undefined) {
          keys = new Map();
          windows.set(window, keys);
        }
        if (batch.present[slot] === 0) keys.delete(keyOf(batch, slot));
        else {
          const at = slot * 4;
          const [count, sum, min, max] = [at, at + 1, at + 2, at + 3].map((i) => batch.valueDoubles[i]!) as [
            number,
            number,
            number,
            number,
          ];
          keys.set(keyOf(batch, slot), { count, sum, min, max });
        }
      }
    },
    *scan(window, batch) {
      batch.clear();
      for (const [key, summary] of windows.get(window) ?? []) {
        const slot = batch.push(window);
        batch.keys[slot]!.write(key, 'latin1');
        batch.present[slot] = 1;
        put(batch, slot, summary);
        if (batch.length === batch.capacity) {
          yield batch;
          batch.clear();
        }
      }
      if (batch.length > 0) yield batch;
    },
    drop(window) {
      windows.delete(window);
    },
  };
}

function put(batch: StateBatch, slot: number, { count, sum, min, max }: Summary): void {
  const at = slot * 4;
  batch.valueDoubles[at] = count;
  batch.valueDoubles[at + 1] = sum;
  batch.valueDoubles[at + 2] = min;
  batch.valueDoubles[at + 3] = max;
}
