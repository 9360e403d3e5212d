// Proves that a replay performs exactly the calls of the recorded run: recorded once more while it is replayed, it gives the same
// file, byte for byte behind the header, on three stores; and that a store which answers otherwise is found out, by the call.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { StateBackend, StateStore, ValueTable } from '../../backends/contract.ts';
import type { Workload } from '../../workloads/contract.ts';
import { builtInFile, builtIns, create, loadBackend, loadStorage } from '../modules.ts';
import { recordRandomRun } from './random-run.ts';
import { type Recorded, recordTrace } from './record.ts';
import { RecordedStore } from './recorded-store.ts';
import { replayTrace } from './replay.ts';
import { HEADER_HEAD_BYTES, headerSchema, MAGIC, type TraceHeader } from './trace-format.ts';
import { openTrace } from './trace-reader.ts';
import { TraceWriter } from './trace-writer.ts';

const BACKENDS = ['memory', 'lmdb', 'rocksdb'] as const;
const backendOf = async (name: string) => create<StateBackend>(await loadBackend(name));
const storage = await create<CheckpointStorage>(await loadStorage('filesystem'));

function folderFor(t: ExecutionContext): () => string {
  const made: string[] = [];
  t.teardown(() => {
    for (const directory of made) rmSync(directory, { recursive: true, force: true });
  });
  return () => {
    const directory = mkdtempSync(join(tmpdir(), 'statebench-replay-test-'));
    made.push(directory);
    return directory;
  };
}

/** The header, and the bytes behind it. */
function parts(file: string): { readonly header: TraceHeader; readonly body: Buffer } {
  const bytes = readFileSync(file);
  const from = MAGIC.length + HEADER_HEAD_BYTES;
  const length = bytes.readUInt32LE(MAGIC.length);
  const header = headerSchema.parse(JSON.parse(bytes.subarray(from, from + length).toString()));
  return { header, body: bytes.subarray(from + length) };
}

/** Replays a trace under a recorder, and compares what comes of it. */
async function assertSameAgain(t: ExecutionContext, file: string, name: string, folder: () => string): Promise<void> {
  const trace = await openTrace(file);
  const again = join(folder(), 'again.trace');
  const provenance = { statebench: 'x', backend: { name, settings: {} } };
  const writer = new TraceWriter(again, { ...trace.header!, provenance });
  const wrap = (store: StateStore) => new RecordedStore(store, writer, trace.tables);
  const replayed = await replayTrace({ trace, backend: await backendOf(name), directory: folder(), verify: true, wrap });
  t.is(replayed.calls, trace.end.calls);
  t.is(replayed.operations, trace.end.operations);
  writer.finish(trace.end);
  const [first, second] = [parts(file), parts(again)];
  t.deepEqual(second.header, { ...first.header, provenance });
  t.true(first.body.equals(second.body), `${name}: the body differs`);
}

async function record(name: string, options: Workload['settings'], to: string, folder: () => string, batchSize = 64): Promise<Recorded> {
  const workload = await create<Workload>({ kind: 'workload', name, file: builtInFile('workload', name), options });
  const backend = await backendOf('memory');
  const { signal } = new AbortController();
  return recordTrace({ workload, backend, storage, batchSize, events: null, seed: 5, directory: folder(), to, signal });
}

const SYNTHETIC = { events: 2500, keys: 60, disorder: 0.2 };
const FLIGHTS = ['flights-delays', { limit: 4000 }, 1024] as const;
// Every operator, with tables of several kinds, groups and windows.
const CLICKS = ['event-file', { file: 'docs/clicks.csv', time: 'ts', key: 'user', value: 'amount', size: 60_000 }, 64] as const;
const PRESETS = builtIns('workload').filter((name) => name !== FLIGHTS[0] && name !== CLICKS[0]);
for (const [workload, options, batchSize] of [
  FLIGHTS,
  CLICKS,
  ['synthetic', SYNTHETIC, 1] as const,
  ...PRESETS.map((name) => [name, SYNTHETIC, 64] as const),
]) {
  test(`${workload}, micro-batches of ${batchSize}: a replay is the recorded run, on every store`, async (t) => {
    const folder = folderFor(t);
    const file = join(folder(), 'run.trace');
    const { calls, operations, events, ended } = await record(workload, options, file, folder, batchSize);
    t.true(calls > 10 && operations > events / 2 && ended);
    for (const name of BACKENDS) await assertSameAgain(t, file, name, folder);
  });
}

test('operations of every kind at random: a replay is the recorded run, on every store', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.log(`seed ${seed}`);
  const folder = folderFor(t);
  const file = join(folder(), 'run.trace');
  const calls = await recordRandomRun(file, folder(), seed);
  t.true(calls > 300);
  for (const name of BACKENDS) await assertSameAgain(t, file, name, folder);
});

test('a run that is cut off is recorded as far as it came', async (t) => {
  const folder = folderFor(t);
  const file = join(folder(), 'run.trace');
  const workload = await create<Workload>({ kind: 'workload', name: 'synthetic', file: builtInFile('workload', 'synthetic'), options: {} });
  const backend = await backendOf('memory');
  const request = { workload, backend, storage, batchSize: 64, seed: 5, to: file };
  const { signal } = new AbortController();
  const limited = await recordTrace({ ...request, events: 1500, directory: folder(), signal });
  t.deepEqual([limited.events, limited.ended], [1500, false]);
  await assertSameAgain(t, file, 'memory', folder);
  const stopped = await recordTrace({ ...request, events: null, directory: folder(), signal: AbortSignal.abort() });
  t.true(stopped.events > 0 && stopped.events < 10_000 && !stopped.ended);
  t.deepEqual((await openTrace(file)).end.events, stopped.events);
});

/** A store whose value tables differ from the real one. */
function broken(store: StateStore, change: (table: ValueTable) => Partial<ValueTable>): StateStore {
  return {
    value: (name) => {
      const table = store.value(name);
      const { read, write, scan, drop } = table;
      const bound = { read: read.bind(table), write: write.bind(table), scan: scan.bind(table), drop: drop.bind(table) };
      return { ...bound, ...change(table) };
    },
    list: (name) => store.list(name),
    checkpoint: (place) => store.checkpoint(place),
    published: (id) => store.published(id),
    release: (id) => store.release(id),
    close: () => store.close(),
  };
}

for (const [what, change, message] of [
  [
    'forgets',
    (table: ValueTable) => ({ write: (batch) => table.write(Object.assign(batch, { length: Math.max(0, batch.length - 1) })) }),
    /did not find what the recorded run did|saw \d+ of \d+$/,
  ],
  [
    'remembers what was dropped',
    () => ({ drop: () => undefined }),
    /gave \d+ slots of \d+ bytes; the recorded run saw \d+ of \d+|found what the recorded run did not/,
  ],
  [
    'turns a byte',
    (table: ValueTable) => ({
      read: (batch) => {
        table.read(batch);
        if (batch.length > 0) batch.valueArena[0]! ^= 1;
      },
    }),
    /gave bytes that were never written there/,
  ],
] as const satisfies readonly (readonly [string, (table: ValueTable) => Partial<ValueTable>, RegExp])[]) {
  test(`a store that ${what} is found out, by the call`, async (t) => {
    const folder = folderFor(t);
    const file = join(folder(), 'run.trace');
    await recordRandomRun(file, folder(), 7);
    const trace = await openTrace(file);
    const wrap = (store: StateStore) => broken(store, change);
    const replay = async (verify: boolean) => replayTrace({ trace, backend: await backendOf('memory'), directory: folder(), verify, wrap });
    const error = await t.throwsAsync(replay(true), { code: 'backend-failed' });
    t.regex(error?.message ?? '', message);
    t.regex(error?.message ?? '', /^call \d+, a (read|scan) of (window -?\d+ of )?'values'/);
    await t.notThrowsAsync(replay(false));
  });
}
