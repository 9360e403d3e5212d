import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BackendError, type BackendErrorCode, type TableSpec } from '../contract.ts';
import {
  COUNTS,
  type ConformanceCheck,
  check,
  contentsOf,
  EVENTS,
  type ModelledCheckpoint,
  TABLES,
  TIMERS,
  type Workbench,
} from './check.ts';
import type { ModelledStore, Row } from './modelled-store.ts';

export const checkpointChecks: readonly ConformanceCheck[] = [
  check(
    'a restored store holds the cut',
    'restore opens the state of a checkpoint: every table, value, element and window of it, and nothing deleted before it.',
    async (bench) => {
      const store = await bench.open();
      await populate(store, 'x');
      const checkpoint = await bench.checkpoint(store);
      await bench.close(store);
      const restored = await bench.restore(checkpoint);
      await restored.verify();
      await change(restored, 'y');
      await restored.verify();
    },
  ),

  check(
    'an empty store has checkpoints too',
    'checkpoint fixes one consistent cut over all tables, even if they hold nothing.',
    async (bench) => {
      const store = await bench.open();
      const checkpoint = await bench.checkpoint(store);
      await populate(store, 'x');
      await bench.close(store);
      await (await bench.restore(checkpoint)).verify();
    },
  ),

  check(
    'a cut excludes later writes',
    'Once checkpoint() has settled no later write enters the cut, whenever its bytes are written; persist() may overlap with reads and writes.',
    async (bench) => {
      const store = await bench.open();
      await populate(store, 'x');
      await store.write(
        'counts',
        Array.from({ length: 3000 }, (_, i): Row => [100 + (i % 3), `k${i}`, `before ${i}`]),
      );
      const cut = await bench.cut(store);
      await change(store, 'between');
      let persisting = true;
      const persisted = bench.persist(cut).finally(() => {
        persisting = false;
      });
      for (let round = 0; round < 1000 && (persisting || round < 5); round++) {
        await store.write(
          'counts',
          Array.from(
            { length: 50 },
            (_, i): Row => [100 + (round % 3), `k${(round * 50 + i) % 4000}`, i % 9 === 0 ? null : `during ${round}`],
          ),
        );
        await store.append('events', [
          [0, 'k1', `d${round}`],
          [50, 'during', `d${round}`],
        ]);
        if (round === 2) await store.drop('counts', 101);
        if (round === 3) await change(store, 'during');
        await nextTurn();
      }
      const checkpoint = await persisted;
      await store.store.published(checkpoint.place.id);
      await store.verify();
      await store.write('counts', [[100, 'k1', 'after']]);
      await bench.close(store);
      await (await bench.restore(checkpoint)).verify();
    },
  ),

  check(
    'a write before the cut is in it',
    'The cut holds every write that settled before checkpoint() was called, in this table and in all others.',
    async (bench) => {
      const store = await bench.open();
      for (let round = 0; round < 4; round++) {
        await change(store, `r${round}`);
        await store.write('timers', [[round, `${round}`, '']]);
        const checkpoint = await bench.checkpoint(store);
        if (round < 3) continue;
        await bench.close(store);
        await (await bench.restore(checkpoint)).verify();
      }
    },
  ),

  check(
    'listed files are the whole checkpoint',
    'persist() says which files make up the cut: copies of those, in another directory, restore as well as the first.',
    async (bench) => {
      const store = await bench.open();
      await populate(store, 'x');
      await bench.checkpoint(store);
      await change(store, 'y');
      const checkpoint = await bench.checkpoint(store);
      const copy = await bench.copy(checkpoint);
      await bench.close(store);
      await (await bench.restore(checkpoint, copy)).verify();
    },
  ),

  check(
    'restoring leaves a checkpoint as it was',
    "A checkpoint's directory is left exactly as it was when restored from, and can be restored any number of times.",
    async (bench) => {
      const store = await bench.open();
      await populate(store, 'x');
      const checkpoint = await bench.checkpoint(store);
      const before = await contentsOf(checkpoint.place.directory);
      await change(store, 'lost');
      await bench.close(store);
      for (const sign of ['first', 'second', 'third']) {
        const restored = await bench.restore(checkpoint);
        await restored.verify();
        await change(restored, sign);
        await restored.drop('counts', 1);
        await restored.verify();
        await bench.close(restored);
        assert.deepEqual(
          await contentsOf(checkpoint.place.directory),
          before,
          `the checkpoint's directory, after the ${sign} store restored from it`,
        );
      }
    },
  ),

  check(
    'both of the two newest checkpoints restore',
    'After published(n) and release(n - 2), checkpoints n and n - 1 can both be restored.',
    async (bench) => {
      const store = await bench.open();
      const { checkpoints } = await history(bench, store, 5);
      const [older, newest] = checkpoints.slice(-2) as [ModelledCheckpoint, ModelledCheckpoint];
      await bench.close(store);
      for (const checkpoint of [newest, older]) {
        const restored = await bench.restore(checkpoint);
        await restored.verify();
        await bench.close(restored);
      }
    },
  ),

  check(
    'falling back does not spoil the newer checkpoint',
    'A checkpoint that was not released can be restored any number of times, also after an older one was.',
    async (bench) => {
      const store = await bench.open();
      const { checkpoints } = await history(bench, store, 3);
      const [older, newest] = checkpoints.slice(-2) as [ModelledCheckpoint, ModelledCheckpoint];
      await bench.close(store);
      for (const checkpoint of [older, newest, older, newest]) {
        const restored = await bench.restore(checkpoint);
        await restored.verify();
        await change(restored, `of ${checkpoint.place.id}`);
        await bench.close(restored);
      }
    },
  ),

  check(
    'an unpublished checkpoint costs nothing',
    'Until published(n) a crash restores n - 1: a cut that was persisted or given up takes nothing from the one before.',
    async (bench) => {
      const store = await bench.open();
      await populate(store, 'x');
      const kept = await bench.checkpoint(store);
      await change(store, 'y');
      const given = await bench.cut(store);
      await store.store.release(given.place.id);
      await change(store, 'z');
      await bench.persist(await bench.cut(store));
      await change(store, 'lost');
      await bench.close(store);
      const restored = await bench.restore(kept);
      await restored.verify();
      const next = await bench.checkpoint(restored);
      await bench.close(restored);
      await (await bench.restore(next)).verify();
    },
  ),

  check(
    'a checkpoint given up does not harm the next',
    'checkpoint(n + 1) is asked for after n was published or given up (released unpublished), and is as whole as any.',
    async (bench) => {
      const store = await bench.open();
      await populate(store, 'x');
      await bench.checkpoint(store);
      await change(store, 'y');
      const cut = await bench.persist(await bench.cut(store));
      await store.store.release(cut.place.id);
      await store.write('counts', [
        [0, 'k2', 'z'],
        [0, 'k3', null],
      ]);
      const next = await bench.checkpoint(store);
      await bench.close(store);
      await (await bench.restore(next)).verify();
    },
  ),

  check(
    'checkpoints go on after a restore',
    'A restored store is a store like any other: it can be changed, cut and restored again and again.',
    async (bench) => {
      let store = await bench.open();
      for (let round = 0; round < 4; round++) {
        const { checkpoints } = await history(bench, store, 3, `g${round}`);
        await change(store, 'lost');
        await bench.close(store);
        store = await bench.restore(checkpoints.at(round % 2 === 0 ? -1 : -2) as ModelledCheckpoint);
        await store.verify();
      }
    },
  ),

  check(
    'appends after a restore come last',
    'A scan gives elements in the order appended: after a restore, new elements come after the restored ones.',
    async (bench) => {
      let store = await bench.open();
      for (let round = 0; round < 4; round++) {
        await store.append(
          'events',
          Array.from({ length: 30 }, (_, i): Row => [i % 2, `k${i % 3}`, `${round}.${i}`]),
        );
        const checkpoint = await bench.checkpoint(store);
        await store.append('events', [
          [0, 'k0', 'lost'],
          [0, 'k1', 'lost'],
        ]);
        await bench.close(store);
        store = await bench.restore(checkpoint);
        await store.verify();
      }
      await store.remove('events', [[0, 'k0']]);
      await store.append('events', [[0, 'k0', 'new']]);
      await store.verify();
    },
  ),

  check(
    'restore takes over from a live store',
    'restore takes over from the store that made the checkpoint, dead or alive: what that one still writes is not seen.',
    async (bench) => {
      const live = await bench.open();
      await populate(live, 'x');
      const checkpoint = await bench.checkpoint(live);
      await change(live, 'lost');
      const heir = await bench.restore(checkpoint);
      await heir.verify();
      // The predecessor may notice and refuse, or write where nobody looks.
      await change(live, 'too late').catch(() => undefined);
      await heir.verify();
      await change(heir, 'heir');
      await heir.verify();
      const next = await bench.checkpoint(heir);
      await bench.close(live);
      await heir.verify();
      await bench.close(heir);
      await (await bench.restore(next)).verify();
    },
  ),

  check(
    'an immutable file never changes',
    'A file listed as immutable never changes under its name, in this checkpoint or a later one, restores between them or not.',
    async (bench) => {
      const store = await bench.open();
      const { checkpoints } = await history(bench, store, 3);
      await bench.close(store);
      for (const [i, checkpoint] of checkpoints.slice(-2).entries()) {
        const restored = await bench.restore(checkpoint);
        await history(bench, restored, 2, `branch ${i}`);
        await bench.close(restored);
      }
    },
  ),

  check(
    'other tables are refused',
    'restore fails with a BackendError of code `wrong-layout` if the checkpoint was made with other tables.',
    async (bench) => {
      const store = await bench.open();
      await populate(store, 'x');
      const checkpoint = await bench.checkpoint(store);
      await bench.close(store);
      const other = (change: Partial<TableSpec>): readonly TableSpec[] => [{ ...COUNTS, ...change }, EVENTS, TIMERS];
      const layouts: Record<string, readonly TableSpec[]> = {
        'another name': other({ name: 'sums' }),
        'another kind': other({ kind: 'list' }),
        'another keyBytes': other({ keyBytes: 12 }),
        'another groupBytes': other({ groupBytes: 8 }),
        'another valueBytes': other({ valueBytes: 24 }),
        'a table less': [COUNTS, EVENTS],
        'a table more': [...TABLES, { ...COUNTS, name: 'more' }],
      };
      for (const [difference, tables] of Object.entries(layouts)) {
        await fails('wrong-layout', `restore with ${difference}`, async () => bench.restore({ ...checkpoint, tables }));
      }
      await (await bench.restore(checkpoint)).verify();
    },
  ),

  check(
    'an incomplete checkpoint is never half restored',
    'restore fails with a BackendError of code `damaged` if the checkpoint is not whole.',
    async (bench) => {
      const store = await bench.open();
      await populate(store, 'x');
      const checkpoint = await bench.checkpoint(store);
      await bench.close(store);
      const empty = { id: checkpoint.place.id, directory: await bench.directory() };
      await fails('damaged', 'restore from an empty directory', async () => bench.restore(checkpoint, empty));
      for (const file of checkpoint.files) {
        const copy = await bench.copy(checkpoint, file);
        const restored = await bench.restore(checkpoint, copy).catch((error: unknown) => error);
        // A file that can be done without may be missing, if then the state is exact.
        if (!(restored instanceof Error)) await (restored as ModelledStore).verify();
        else
          assert(
            isBackendError(restored, 'damaged'),
            `restore without '${file.path}' must fail with code 'damaged', not ${describe(restored)}`,
          );
        if (!(restored instanceof Error)) await bench.close(restored as ModelledStore);
      }
      await (await bench.restore(checkpoint)).verify();
    },
  ),

  check(
    'unknown tables are refused',
    'value() and list() throw a BackendError of code `no-such-table` if the store was opened without such a table of that kind.',
    async (bench) => {
      const { store } = await bench.open();
      await fails('no-such-table', "value('nowhere')", async () => store.value('nowhere'));
      await fails('no-such-table', "list('nowhere')", async () => store.list('nowhere'));
      await fails('no-such-table', 'value() of a list table', async () => store.value('events'));
      await fails('no-such-table', 'list() of a value table', async () => store.list('counts'));
      await fails('no-such-table', "value('constructor')", async () => store.value('constructor'));
    },
  ),

  check('a closed store refuses', 'Any call after close fails with a BackendError of code `closed`.', async (bench) => {
    const modelled = await bench.open();
    await populate(modelled, 'x');
    const { store } = modelled;
    const [values, lists] = [store.value('counts'), store.list('events')];
    const place = await bench.place();
    await bench.close(modelled);
    const batch = modelled.batch('counts', 2);
    const list = modelled.batch('events', 2);
    modelled.fill(batch, [[0, 'k1', 'x']]);
    modelled.fill(list, [[0, 'k1', 'twelve bytes']]);
    const calls: Record<string, () => unknown> = {
      value: () => store.value('counts'),
      list: () => store.list('events'),
      checkpoint: () => store.checkpoint(place),
      published: () => store.published(1),
      release: () => store.release(1),
      'read of a value table': () => values.read(batch),
      'write of a value table': () => values.write(batch),
      'drop of a value table': () => values.drop(0),
      'append of a list table': () => lists.append(list),
      'remove of a list table': () => lists.remove(list),
      'drop of a list table': () => lists.drop(0),
      'scan of a value table': async () => {
        for await (const _ of values.scan(0, batch));
      },
      'scan of a list table': async () => {
        for await (const _ of lists.scan(0, list));
      },
    };
    for (const [name, call] of Object.entries(calls)) await fails('closed', `${name} after close`, async () => call());
  }),
];

/** Puts something of every kind into every table; `sign` tells two calls apart. */
export async function populate(store: ModelledStore, sign: string): Promise<void> {
  for (const window of [-86_400_000, 0, 1, 2]) {
    await store.write(
      'counts',
      Array.from({ length: 40 }, (_, i): Row => [window, `k${i}`, `${sign}${i}`.slice(0, i % 20)]),
    );
    await store.append(
      'events',
      Array.from({ length: 40 }, (_, i): Row => [window, `k${i % 9}`, `${sign}${i}`.slice(0, 12)]),
    );
    await store.write('timers', [
      [window, 't1', ''],
      [window, 't2', ''],
    ]);
  }
  await store.write('counts', [
    [0, 'k5', null],
    [1, 'k6', null],
  ]);
  await store.write('timers', [[1, 't1', null]]);
  await store.remove('events', [[2, 'k3']]);
  await store.drop('counts', 2);
}

/** Changes, adds and takes away something of every kind in every table. */
export async function change(store: ModelledStore, sign: string): Promise<void> {
  const text = sign.slice(0, 12);
  await store.write('counts', [
    [0, 'k1', text],
    [0, 'k2', null],
    [0, 'k5', text],
    [1, 'new', text],
    [2, 'k1', text],
    [-1, sign.slice(0, 8), text],
  ]);
  await store.append('events', [
    [0, 'k1', text],
    [0, 'k2', text],
    [0, 'k1', text],
    [1, 'new', text],
    [7, 'k1', text],
  ]);
  await store.remove('events', [
    [0, 'k2'],
    [-86_400_000, 'k4'],
  ]);
  await store.write('timers', [
    [0, 't1', null],
    [0, 't3', ''],
    [9, sign.slice(0, 4), ''],
  ]);
  await store.drop('counts', 1);
  await store.write('counts', [[1, 'k1', text]]);
  await store.drop('events', 7);
  await store.drop('timers', 1);
}

/** Checkpoints in a row, as a job makes them: published in order, and released once two newer ones are published. */
async function history(bench: Workbench, store: ModelledStore, count: number, sign = 'h'): Promise<{ checkpoints: ModelledCheckpoint[] }> {
  const checkpoints: ModelledCheckpoint[] = [];
  for (let i = 0; i < count; i++) {
    if (i % 2 === 0) await populate(store, `${sign}${i}`);
    else await change(store, `${sign}${i}`);
    checkpoints.push(await bench.checkpoint(store));
    const old = checkpoints.at(-3);
    if (old !== undefined) await store.store.release(old.place.id);
  }
  await change(store, 'lost');
  return { checkpoints };
}

async function fails(code: BackendErrorCode, what: string, call: () => Promise<unknown>): Promise<void> {
  let result: unknown;
  try {
    await call();
  } catch (error) {
    result = error;
  }
  assert(result !== undefined, `${what} must fail with a BackendError of code '${code}', but did not fail`);
  assert(isBackendError(result, code), `${what} must fail with a BackendError of code '${code}', not ${describe(result)}`);
}

/** By its looks: a stranger's copy of the contract has a class of its own. */
function isBackendError(error: unknown, code: BackendErrorCode): boolean {
  return error instanceof BackendError
    ? error.code === code
    : error instanceof Error && error.name === 'BackendError' && 'code' in error && error.code === code;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name}${'code' in error ? ` (${error.code})` : ''}: ${error.message}`;
}
