import type { StateBatch, StateStore, ValueTable } from '../contract.ts';

/** Time that is longer than this between two writes was spent waiting, not working. */
const LONGEST_MS = 50;

/** A store that makes whatever uses it slower by a part of its rate: after each write it idles for so much of the time since the last. */
export function slowedStore(store: StateStore, part: number): StateStore {
  if (part === 0) return store;
  let last = performance.now();
  return writingStore(store, (table, batch) => {
    const pending = table.write(batch);
    const now = performance.now();
    const until = now + Math.min(LONGEST_MS, now - last) * (part / (1 - part));
    while (performance.now() < until);
    last = performance.now();
    return pending;
  });
}

/** A store that stands still once, for `ms`, before its `nth` write, and with it the thread; never if `ms` is 0. */
export function stallingStore(store: StateStore, nth: number, ms: number): StateStore {
  if (ms === 0) return store;
  let writes = 0;
  return writingStore(store, (table, batch) => {
    if (++writes === nth) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    return table.write(batch);
  });
}

/** A store that hands everything on but the writes of values, which `write` does. */
function writingStore(store: StateStore, write: (table: ValueTable, batch: StateBatch) => ReturnType<ValueTable['write']>): StateStore {
  return {
    value(name) {
      const table = store.value(name);
      return {
        read: (batch) => table.read(batch),
        write: (batch) => write(table, batch),
        scan: (window, batch, group) => table.scan(window, batch, group),
        drop: (window) => table.drop(window),
      };
    },
    list: (name) => store.list(name),
    checkpoint: (place) => store.checkpoint(place),
    published: (id) => store.published(id),
    release: (id) => store.release(id),
    close: () => store.close(),
  };
}
