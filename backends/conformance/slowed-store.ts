import type { StateStore } from '../contract.ts';

/** Time that is longer than this between two writes was spent waiting, not working. */
const LONGEST_MS = 50;

/** A store that makes whatever uses it slower by a part of its rate: after each write it idles for so much of the time since the last. */
export function slowedStore(store: StateStore, part: number): StateStore {
  if (part === 0) return store;
  let last = performance.now();
  const idle = () => {
    const now = performance.now();
    const until = now + Math.min(LONGEST_MS, now - last) * (part / (1 - part));
    while (performance.now() < until);
    last = performance.now();
  };
  return {
    value(name) {
      const table = store.value(name);
      return {
        read: (batch) => table.read(batch),
        write(batch) {
          const pending = table.write(batch);
          idle();
          return pending;
        },
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
