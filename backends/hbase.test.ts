// Proves the HBase backend by the conformance suite, that no number of cuts, crashes and late writes of the dead takes from a
// checkpoint what it needs, that what nobody needs goes, and that a server which stands still, is killed and comes back gives a named
// error in time and still has the checkpoint.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { startHBase } from '../scripts/servers/hbase.ts';
import { requiredServer } from '../scripts/servers/required.ts';
import type { RunningServer } from '../scripts/servers/server.ts';
import { backendFrom, conformance } from './conformance.ts';
import { type CheckpointPlace, StateBatch, type StateStore, type TableSpec } from './contract.ts';
import { readEpochCheckpoint } from './epochs/checkpoint-file.ts';
import { Cell, DURABILITY, PutTail } from './hbase/cells.ts';
import { Gateway } from './hbase/gateway.ts';
import { namespaceRange, PREFIX_BYTES } from './hbase/rows.ts';
import { StateCells } from './hbase/state-cells.ts';
import { VERSIONS } from './hbase/state-table.ts';
import hbase, { type HBaseOptions } from './hbase.ts';
import { namedInTime } from './served/named-in-time.ts';
import { numberedSlots } from './served/numbered-slots.ts';

let home = '';
const running = await requiredServer(test, (directory) => {
  home = directory;
  return startHBase({ directory, durability: 'process-crash' });
});

const COUNTS: TableSpec = { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 64 };
const EVENTS: TableSpec = { name: 'events', kind: 'list', keyBytes: 8, groupBytes: 0, valueBytes: 8 };
const TABLES = [COUNTS, EVENTS];
const TABLE = 'statebench';

const open = (url: string, more: Partial<HBaseOptions> = {}): Promise<StateStore> =>
  hbase({ url, ...more }).open({ directory: tmpdir(), tables: TABLES });
const restore = (url: string, checkpoint: CheckpointPlace, more: Partial<HBaseOptions> = {}): Promise<StateStore> =>
  hbase({ url, ...more }).restore({ directory: tmpdir(), tables: TABLES, checkpoint });

const fill = (batch: StateBatch, window: number, value: number, from = 0, count = batch.capacity) =>
  numberedSlots(batch, { window, value, from, count });

/** Every value of a window in the order of keys, or every element of a list as they come. */
async function contents(
  store: StateStore,
  window: number,
  table: 'counts' | 'events' = 'counts',
): Promise<readonly (readonly [number, number])[]> {
  const found: [number, number][] = [];
  const scan =
    table === 'counts'
      ? store.value(table).scan(window, new StateBatch(7, COUNTS))
      : store.list(table).scan(window, new StateBatch(7, EVENTS));
  for await (const { length, keys, values } of scan) {
    for (let slot = 0; slot < length; slot++) found.push([keys[slot]!.readUInt32BE(4), values[slot]!.readUInt32BE()]);
  }
  if (table === 'counts') found.sort(([a], [b]) => a - b);
  return found;
}

if (running !== undefined) {
  const { url } = running;
  const { hostname: host, port } = new URL(url);
  const gatewayOptions = { host, port: Number(port), shown: url, connections: 1, timeoutMs: 10_000, requestBytesMax: 1_000_000 };

  // Patient, as all of them run at once.
  conformance(test, backendFrom(import.meta.resolve('./hbase.js'), { url, timeoutMs: 60_000 }));

  /** Another client's hands on the table. */
  async function hands(t: ExecutionContext, epoch: number): Promise<StateCells> {
    const gateway = await Gateway.open(gatewayOptions);
    t.teardown(() => gateway.close());
    const tail = new PutTail(DURABILITY.syncWal);
    tail.setTimestamp(epoch);
    return new StateCells(gateway, TABLE, tail, DURABILITY.syncWal);
  }

  /** Every row of a namespace, and the timestamps of its cells. */
  async function cellsOf(cells: StateCells, namespace: string): Promise<Map<string, number[]>> {
    const found = new Map<string, number[]>();
    const cell = new Cell();
    const pages = cells.pages(namespaceRange(namespace), { rows: 100, versions: VERSIONS }, cell, () => {
      const row = cell.row().toString('hex');
      found.set(row, [...(found.get(row) ?? []), cell.timestamp]);
    });
    for await (const _ of pages);
    return found;
  }

  /** Checkpoints of one store, and the places they are restored from. */
  class Places {
    #id = 0;
    readonly #root: string;

    constructor(t: ExecutionContext) {
      this.#root = mkdtempSync(join(tmpdir(), 'statebench-hbase-test-'));
      t.teardown(() => rmSync(this.#root, { recursive: true, force: true }));
    }

    next(): CheckpointPlace {
      this.#id++;
      return { id: this.#id, directory: mkdtempSync(join(this.#root, `${this.#id}-`)) };
    }

    async checkpoint(store: StateStore): Promise<CheckpointPlace> {
      const place = this.next();
      await (await store.checkpoint(place)).persist();
      await store.published(place.id);
      return place;
    }

    async namespace({ directory }: CheckpointPlace): Promise<string> {
      return (await readEpochCheckpoint(directory, 'hbase', TABLES)).checkpoint.namespace;
    }
  }

  test.serial(
    'both kept checkpoints restore however often a key was overwritten since, published, given up, or lost in crashes',
    async (t) => {
      const places = new Places(t);
      const batch = new StateBatch(5, COUNTS);
      let store = await open(url);
      await store.value('counts').write(fill(batch, 1, 1000));
      const older = await places.checkpoint(store);
      await store.value('counts').write(fill(batch, 1, 2000));
      const newer = await places.checkpoint(store);
      for (let round = 0; round < 3 * VERSIONS; round++) {
        await store.value('counts').write(fill(batch, 1, round));
        await store.list('events').append(fill(new StateBatch(2, EVENTS), 1, round));
        if (round % 3 === 2) {
          // Dies without a word, and another goes on.
          await store.close();
          store = await restore(url, round % 2 === 0 ? older : newer);
          await store.value('counts').write(fill(batch, 1, round, 2, 2));
        } else {
          const place = places.next();
          const cut = await store.checkpoint(place);
          await store.value('counts').write(fill(batch, 1, round + 0.5));
          if (round % 2 === 0) await cut.persist();
          await store.release(place.id);
        }
      }
      await store.close();
      for (const [place, value] of [
        [older, 1000],
        [newer, 2000],
        [older, 1000],
      ] as const) {
        const restored = await restore(url, place);
        t.deepEqual(
          await contents(restored, 1),
          [0, 1, 2, 3, 4].map((key) => [key, value]),
        );
        t.deepEqual(await contents(restored, 1, 'events'), []);
        await restored.value('counts').read(fill(batch, 1, 0));
        t.is(batch.values[4]!.readUInt32BE(), value);
        await restored.close();
      }
    },
  );

  test.serial('what a dead store still writes after a restore is never seen, nor taken into a checkpoint', async (t) => {
    const places = new Places(t);
    const batch = new StateBatch(4, COUNTS);
    const lists = new StateBatch(4, EVENTS);
    const dead = await open(url);
    await dead.value('counts').write(fill(batch, 1, 1));
    await dead.list('events').append(fill(lists, 1, 1));
    const from = await places.checkpoint(dead);
    await dead.value('counts').write(fill(batch, 1, 99));
    const heir = await restore(url, from);
    const other = new StateBatch(1, COUNTS);
    await heir.value('counts').write(fill(other, 1, 2));
    const late = async (window: number) => {
      await dead.value('counts').write(fill(batch, window, 99));
      await dead.list('events').append(fill(lists, window, 99));
      await dead.list('events').remove(fill(lists, 1, 99));
      await dead.value('counts').write(fill(batch, 7, 99));
    };
    const expected = [
      [0, 2],
      [1, 1],
      [2, 1],
      [3, 1],
    ];
    const verify = async (store: StateStore) => {
      t.deepEqual(await contents(store, 1), expected);
      t.deepEqual(
        await contents(store, 1, 'events'),
        [0, 1, 2, 3].map((key) => [key, 1]),
      );
      t.deepEqual(await contents(store, 7), []);
      fill(batch, 1, 0);
      await store.value('counts').read(batch);
      t.deepEqual(
        [0, 1, 2, 3].map((slot) => batch.values[slot]!.readUInt32BE()),
        expected.map(([, value]) => value),
      );
    };
    await late(1);
    await verify(heir);
    for (let i = 0; i < 8; i++) {
      const place = await places.checkpoint(heir);
      await late(1);
      await verify(heir);
      if (i % 3 === 2) {
        const again = await restore(url, place);
        await verify(again);
        await again.close();
      }
      await heir.release(place.id - 2);
    }
    await namedInTime(t, 'refused', /another process has gone on.*end this one/, () => dead.checkpoint(places.next()));
    await dead.close();
    await verify(heir);
    await heir.close();
  });

  test.serial('cells of lost epochs are swept up after some checkpoints', async (t) => {
    const places = new Places(t);
    const batch = new StateBatch(50, COUNTS);
    const store = await open(url);
    await store.value('counts').write(fill(batch, 1, 1));
    const from = await places.checkpoint(store);
    await store.value('counts').write(fill(batch, 1, 99, 0, 30));
    await store.value('counts').write(fill(batch, 1, 99, 1000, 20));
    await store.close();
    const heir = await restore(url, from);
    await heir.value('counts').write(fill(batch, 2, 1, 0, 1));
    const cells = await hands(t, 1);
    const namespace = await places.namespace(from);
    const lost = async () => [...(await cellsOf(cells, namespace))].filter(([, timestamps]) => timestamps.includes(2)).length;
    t.is(await lost(), 50);
    let checkpoints = 0;
    for (let old = from.id; (await lost()) > 0 && checkpoints < VERSIONS; checkpoints++) {
      const { id } = await places.checkpoint(heir);
      await heir.release(old);
      old = id;
    }
    t.log(`swept after ${checkpoints} checkpoints`);
    t.is(await lost(), 0);
    t.is((await contents(heir, 1)).length, 50);
    await heir.close();
  });

  test.serial(
    'rows of dropped windows and removed lists go once no checkpoint needs them, and everything goes with the last checkpoint',
    async (t) => {
      const places = new Places(t);
      const batch = new StateBatch(300, COUNTS);
      const lists = new StateBatch(300, EVENTS);
      const store = await open(url);
      await store.value('counts').write(fill(batch, 1, 1));
      await store.value('counts').write(fill(batch, 2, 1));
      for (let i = 0; i < 3; i++) await store.list('events').append(fill(lists, 1, i));
      const first = await places.checkpoint(store);
      await store.value('counts').drop(1);
      await store.list('events').remove(fill(lists, 1, 0, 0, 290));
      const cells = await hands(t, 1);
      const namespace = await places.namespace(first);
      const rows = async () => (await cellsOf(cells, namespace)).size;
      const elements = async () =>
        [...(await cellsOf(cells, namespace)).keys()].filter((row) => row.length / 2 === PREFIX_BYTES + 16).length;
      t.is(await elements(), 900, 'the checkpoint needs all of them');
      const second = await places.checkpoint(store);
      await pause(300);
      t.is(await rows(), 300 + 300 + 900 + 290);
      await store.release(first.id);
      for (let i = 0; i < 100 && (await rows()) > 330; i++) await pause(100);
      t.is(await rows(), 330, '300 values of window 2, and 10 lists of three');
      t.deepEqual((await contents(store, 1, 'events')).length, 30);
      await store.release(second.id);
      await store.close();
      t.is(await rows(), 0);
    },
  );

  test.serial("a batch is divided into requests that a gateway takes, and a gateway's limit is told", async (t) => {
    const wide: TableSpec = { ...COUNTS, valueBytes: 8192 };
    const backend = hbase({ url, requestBytesMax: 65_536 });
    const store = await backend.open({ directory: tmpdir(), tables: [wide] });
    const batch = new StateBatch(1000, wide);
    await store.value('counts').write(fill(batch, 1, 5));
    for (const value of batch.values) value.fill(0);
    await store.value('counts').read(batch);
    t.true(batch.values.every((value) => value.readUInt32BE() === 5) && batch.present.every((present) => present === 1));
    await store.close();
  });

  test.serial('a checkpoint of another server, or whose state is gone, is damaged', async (t) => {
    const places = new Places(t);
    const store = await open(url);
    await store.value('counts').write(fill(new StateBatch(4, COUNTS), 1, 1));
    const place = await places.checkpoint(store);
    await store.release(place.id);
    await store.close();
    await namedInTime(t, 'damaged', /no longer holds the state of checkpoint 1/, () => restore(url, place));
  });

  test.serial('settings say what is in force, and a connection that was idle is opened anew', async (t) => {
    const backend = hbase({ url, durability: 'volatile' });
    t.is(backend.durability, 'volatile');
    t.like(backend.settings, { url, table: TABLE, writes: 'SKIP_WAL', connections: 4 });
    const store = await backend.open({ directory: tmpdir(), tables: TABLES });
    await pause(5_500);
    const batch = fill(new StateBatch(1000, COUNTS), 1, 1);
    await store.value('counts').write(batch);
    t.is((await contents(store, 1)).length, 1000);
    await store.close();
  });

  let restarted: RunningServer | undefined;
  test.after.always('stop the server that was started again', () => restarted?.stop());

  test.serial('a server that is stopped, then killed and started again: named in time, and the checkpoint is whole', async (t) => {
    const places = new Places(t);
    const batch = new StateBatch(64, COUNTS);
    const timeoutMs = 4_000;
    const lasting = await open(url, { timeoutMs });
    const volatile = await open(url, { timeoutMs, durability: 'volatile' });
    await lasting.value('counts').write(fill(batch, 1, 1));
    await volatile.value('counts').write(fill(batch, 1, 1));
    const kept = await places.checkpoint(lasting);
    const lost = await places.checkpoint(volatile);
    await volatile.close();
    const work = async (store: StateStore) => {
      for (;;) await store.value('counts').write(fill(batch, 1, 2));
    };
    const message =
      /no HBase gateway answers at thrift2:\/\/127\.0\.0\.1:\d+ .*start one there|gives no answer.*see that|cannot reach its HBase/;
    for (const pid of running.pids) process.kill(pid, 'SIGSTOP');
    await namedInTime(t, 'unavailable', message, () => work(lasting));
    for (const pid of running.pids) process.kill(pid, 'SIGCONT');
    await namedInTime(t, 'unavailable', message, () => work(lasting));
    await lasting.close();
    const heir = await restore(url, kept, { timeoutMs });
    const [master] = running.pids;
    await heir.value('counts').write(fill(batch, 2, 2));
    process.kill(master!, 'SIGKILL');
    await namedInTime(t, 'unavailable', message, () => work(heir));
    await heir.close();
    await running.stop();
    const again = await startHBase({ directory: home, durability: 'process-crash' });
    if (again.state !== 'running') return t.fail(again.reason);
    restarted = again.server;
    t.is(again.server.url, url, 'what comes after finds it where it was');
    await namedInTime(t, 'damaged', /no longer holds the state|written without a log/, () =>
      restore(url, lost, { durability: 'volatile' }),
    );
    const restored = await restore(url, kept, { timeoutMs });
    t.deepEqual(
      await contents(restored, 1),
      Array.from({ length: 64 }, (_, key) => [key, 1] as const),
    );
    t.deepEqual(await contents(restored, 2), []);
    await restored.close();
    return undefined;
  });
}
