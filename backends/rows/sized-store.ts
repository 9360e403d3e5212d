/** What tests use to see how much memory a real store takes for a state of some size. */
import { keyHash, StateBatch, type StateStore, slotHash, type TableSpec, windowHash } from '../contract.ts';

/** Values of 200 bytes, so that a hundred thousand of them are 20 MB. */
export const SIZED: TableSpec = { name: 'sized', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 200 };

const SLOTS = 1000;

/** Writes so many keys of {@link SIZED}, a multiple of 1,000, and reads each of them. @throws Error if one is not there or another's */
export async function allKeys(store: StateStore, count: number): Promise<void> {
  const table = store.value(SIZED.name);
  const batch = new StateBatch(SLOTS, SIZED);
  const fill = (from: number) => {
    batch.clear();
    for (let key = from; key < from + SLOTS; key++) {
      const slot = batch.push(0);
      batch.keys[slot]!.writeUInt32BE(key, 4);
      batch.values[slot]!.fill(key % 251);
      batch.hashes[slot] = slotHash(keyHash(batch.addressWords, (slot * batch.addressStride) / 4 + 2, 2), windowHash(0));
    }
  };
  for (let from = 0; from < count; from += SLOTS) {
    fill(from);
    batch.present.fill(1);
    await table.write(batch);
  }
  for (let from = 0; from < count; from += SLOTS) {
    fill(from);
    batch.valueArena.fill(255);
    await table.read(batch);
    for (let slot = 0; slot < SLOTS; slot++) {
      if (batch.present[slot] === 1 && batch.values[slot]!.every((byte) => byte === (from + slot) % 251)) continue;
      throw new Error(`key ${from + slot} of ${count} is not what was written`);
    }
  }
}

/** What `open` gives, and the object on whose method `name` it called: the database behind a store. */
export async function openedBy<Database extends object, Opened>(
  prototype: Database,
  name: keyof Database,
  open: () => Promise<Opened>,
): Promise<readonly [Opened, Database]> {
  const method = prototype[name] as (...given: unknown[]) => unknown;
  let database: Database | undefined;
  Object.defineProperty(prototype, name, {
    configurable: true,
    writable: true,
    value(this: Database, ...given: unknown[]) {
      database = this;
      return method.apply(this, given);
    },
  });
  try {
    const opened = await open();
    if (database === undefined) throw new Error(`${String(name)} was not called`);
    return [opened, database];
  } finally {
    Object.defineProperty(prototype, name, { configurable: true, writable: true, value: method });
  }
}
