/** Operations of every kind on two tables, at random: what the tests of traces record. */
import { type StateBackend, StateBatch, type StateStore, type TableSpec } from '../../backends/contract.ts';
import { create, loadBackend } from '../modules.ts';
import { seededRandom } from '../random.ts';
import { RecordedStore } from './recorded-store.ts';
import { hashSlots } from './trace.ts';
import { TraceWriter } from './trace-writer.ts';

/** Groups, values of any length, and elements of a width that is no multiple of 8. */
export const RANDOM_TABLES: readonly TableSpec[] = [
  { name: 'values', kind: 'value', keyBytes: 12, groupBytes: 4, valueBytes: 37 },
  { name: 'lists', kind: 'list', keyBytes: 4, groupBytes: 4, valueBytes: 12 },
];

const RANDOM_CALLS = 400;

/** Few enough that windows are met again after others, and some whose distance is no safe integer. */
const WINDOWS = [0, -60_000, 60_000, 1_700_000_000_000, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, ...Array(50).keys()];

/** Records some hundred random calls on a store in memory, made through `wrap`. @returns the number of calls */
export async function recordRandomRun(
  file: string,
  directory: string,
  seed: number,
  wrap: (store: StateStore) => StateStore = (store) => store,
): Promise<number> {
  const backend = await create<StateBackend>(await loadBackend('memory'));
  const writer = new TraceWriter(file, {
    tables: [...RANDOM_TABLES],
    workload: { name: 'random', settings: { share: 0.5, word: 'x', yes: true } },
    seed,
    batchSize: 30,
    eventsAsked: null,
    provenance: { statebench: '0', backend: { name: 'memory', settings: {} } },
  });
  const store = wrap(new RecordedStore(await backend.open({ directory, tables: RANDOM_TABLES }), writer, RANDOM_TABLES));
  const random = seededRandom(seed);
  for (let call = 0; call < RANDOM_CALLS; call++) await performRandomCall(store, random);
  await store.close();
  return writer.finish({ events: RANDOM_CALLS, ended: true }).calls;
}

async function performRandomCall(store: StateStore, random: () => number): Promise<void> {
  const pick = (count: number): number => Math.floor(random() * count);
  const window = WINDOWS[pick(WINDOWS.length)]!;
  const spec = RANDOM_TABLES[pick(2)]!;
  const value = spec.kind === 'value' ? store.value(spec.name) : null;
  const list = spec.kind === 'list' ? store.list(spec.name) : null;
  const group = Buffer.from([0, 0, 0, pick(4)]);
  const dice = random();
  if (dice < 0.1) return void (await (value ?? list)!.drop(window));
  if (dice < 0.3) {
    for await (const _ of (value ?? list)!.scan(window, new StateBatch(1 + pick(9), spec), dice < 0.2 ? group : undefined));
    return;
  }
  const batch = new StateBatch(30, spec);
  batch.clear();
  const met = new Set<string>();
  for (let left = pick(31); left > 0; left--) {
    const in_ = random() < 0.7 ? window : WINDOWS[pick(WINDOWS.length)]!;
    const key = Buffer.alloc(spec.keyBytes);
    key[3] = pick(4);
    key[spec.keyBytes - 1]! = spec.keyBytes > 4 ? pick(8) : key[3]!;
    // A batch of a value table holds each (window, key) once.
    if (value !== null && met.size === met.add(`${in_} ${key.toString('hex')}`).size) continue;
    const slot = batch.push(in_);
    key.copy(batch.keys[slot]!);
    batch.valueArena.fill(pick(256), slot * batch.valueStride, (slot + 1) * batch.valueStride);
  }
  hashSlots(batch, 0);
  const put = (): void => {
    const full = random() < 0.3;
    for (let slot = 0; slot < batch.length; slot++) {
      batch.present[slot] = full || random() < 0.8 ? 1 : 0;
      batch.lengths[slot] = full ? spec.valueBytes : pick(spec.valueBytes + 1);
    }
  };
  if (list !== null) return void (await (random() < 0.8 ? list.append(batch) : list.remove(batch)));
  if (random() < 0.7) await value!.read(batch);
  if (random() < 0.7) {
    put();
    await value!.write(batch);
  }
}
