import assert from 'node:assert/strict';
import type { StateBatch, TableSpec } from '../contract.ts';
import { COUNTS, type ConformanceCheck, check } from './check.ts';
import { bytes, type Row, scribble, valueAt } from './modelled-store.ts';

/** Names of which some start as others do, widths of which none is like another. */
const MANY_TABLES: readonly TableSpec[] = ['a', 'a-', 'a-b', 'ab', 'a1', 'a11', 'z', 'n'.repeat(63)].flatMap((name, i) => [
  { name, kind: 'value' as const, keyBytes: 4 * (i + 1), groupBytes: i % 4, valueBytes: 7 * i },
  { name: `${name.slice(0, 60)}-l`, kind: 'list' as const, keyBytes: 4 * (8 - i), groupBytes: 0, valueBytes: 5 + i },
]);

export const batchChecks: readonly ConformanceCheck[] = [
  check(
    'nothing of a batch is kept',
    'A table may read a batch only until the call it was handed to has settled; afterwards the caller refills it.',
    async (bench) => {
      const store = await bench.open();
      const batch = store.batch('counts', 8);
      const list = store.batch('events', 8);
      for (let round = 0; round < 6; round++) {
        const rows = Array.from({ length: 8 }, (_, i): Row => [i % 2, `k${(i * 3 + round) % 11}`, `${round}:${i}`]);
        await store.write('counts', rows, batch);
        scribble(batch);
        await store.append('events', rows, list);
        scribble(list);
        await store.read('counts', rows, batch);
        scribble(batch);
        if (round === 3) await store.remove('events', rows.slice(4), list);
        scribble(list);
        await store.verify();
      }
      const checkpoint = await bench.checkpoint(store);
      scribble(batch);
      scribble(list);
      await bench.close(store);
      await (await bench.restore(checkpoint)).verify();
    },
  ),

  check(
    'slots beyond length are left alone',
    'Slots at and beyond `length` hold leftovers and mean nothing: they are neither stored nor overwritten.',
    async (bench) => {
      const store = await bench.open();
      const leftovers: readonly Row[] = [
        [0, 'a', 'mine'],
        [0, 'b', 'mine'],
        [0, 'left', 'over'],
        [0, 'leave', 'over'],
      ];
      await store.write('counts', [[0, 'leave', 'stored']]);
      for (const present of [0, 1]) {
        const batch = store.batch('counts', 4);
        store.fill(batch, leftovers);
        batch.present.fill(present, 2);
        batch.length = 2;
        await store.writeFilled('counts', leftovers.slice(0, 2), batch);
        const list = store.batch('events', 4);
        store.fill(
          list,
          leftovers.map(([window, key]): Row => [window, key, 'twelve bytes']),
        );
        list.length = 2;
        await store.store.list('events').append(list);
        list.length = 0;
        await store.store.list('events').remove(list);
      }
      await store.verify();
      assert.deepEqual(
        (await store.scan('events', 0)).map(([key]) => key).sort(),
        ['a', 'a', 'b', 'b'],
        'an append of two slots of a batch of four, twice',
      );
      const batch = store.batch('counts', 4);
      store.fill(batch, leftovers);
      batch.length = 2;
      const before = arenas(batch, 2);
      await store.store.value('counts').read(batch);
      assert.deepEqual(arenas(batch, 2), before, 'slots beyond length after a read');
      batch.length = 0;
      await store.store.value('counts').read(batch);
      await store.store.value('counts').write(batch);
      await store.verify();
    },
  ),

  check(
    'read then write of one fill',
    'What a table learned in `read` still holds in the `write` of the same fill: found, absent and deleted slots alike.',
    async (bench) => {
      const store = await bench.open();
      const batch = store.batch('counts', 64);
      for (let round = 0; round < 30; round++) {
        const rows = Array.from({ length: 64 }, (_, i): Row => [i % 3, `k${(i + round * 17) % 200}`]);
        const found = await store.read('counts', rows, batch);
        const folded = rows.map(([window, key], slot): Row => {
          const value = (slot + round) % 7 === 0 ? null : `${Number(found[slot] ?? 0) + 1}`;
          if (value === null) batch.present[slot] = 0;
          else batch.setValue(slot, bytes(value));
          return [window, key, value];
        });
        await store.writeFilled('counts', folded, batch);
      }
      await store.verify();
    },
  ),

  check(
    'writes of one fill follow each other',
    'A batch may be read and written again before it is refilled: each call sees what the one before it did.',
    async (bench) => {
      const store = await bench.open();
      const batch = store.batch('counts', 2);
      const step = async (values: readonly (string | null)[]) => {
        const rows = values.map((value, slot): Row => [0, `k${slot}`, value]);
        for (const [slot, value] of values.entries()) {
          if (value === null) batch.present[slot] = 0;
          else batch.setValue(slot, bytes(value));
        }
        await store.writeFilled('counts', rows, batch);
        await store.verify();
      };
      await store.read(
        'counts',
        [
          [0, 'k0'],
          [0, 'k1'],
        ],
        batch,
      );
      await step(['put', null]);
      await step([null, 'put']);
      await step(['put again', 'put again']);
      await step([null, null]);
      await step(['last', 'last']);
      await store.store.value('counts').read(batch);
      assert.deepEqual([valueAt(batch, 0), valueAt(batch, 1)], ['last', 'last'], 'read of the same fill after its writes');
    },
  ),

  check(
    'a refill forgets what read learned',
    '`fill` changes whenever the batch is refilled: what was learned of the fill before must not be used.',
    async (bench) => {
      const store = await bench.open();
      const batch = store.batch('counts', 4);
      await store.write('counts', [
        [0, 'a', 'a'],
        [0, 'b', 'b'],
        [0, 'c', 'c'],
        [0, 'd', 'd'],
      ]);
      await store.read(
        'counts',
        [
          [0, 'a'],
          [0, 'b'],
          [0, 'c'],
          [0, 'new'],
        ],
        batch,
      );
      await store.write(
        'counts',
        [
          [0, 'd', 'D'],
          [0, 'c', 'C'],
          [0, 'e', 'E'],
          [1, 'a', 'A'],
        ],
        batch,
      );
      await store.verify();
      await store.read(
        'counts',
        [
          [0, 'a'],
          [0, 'b'],
        ],
        batch,
      );
      await store.write(
        'counts',
        [
          [0, 'b', null],
          [0, 'f', 'F'],
          [2, 'a', 'x'],
        ],
        batch,
      );
      await store.verify();
    },
  ),

  check(
    'two batches do not disturb each other',
    '`fill` is never shared by two batches: both may be read before either is written.',
    async (bench) => {
      const store = await bench.open();
      await store.write('counts', [
        [0, 'a', 'a'],
        [0, 'b', 'b'],
        [0, 'c', 'c'],
      ]);
      const [one, two] = [store.batch('counts', 3), store.batch('counts', 5)];
      await store.read(
        'counts',
        [
          [0, 'a'],
          [0, 'x'],
        ],
        one,
      );
      await store.read(
        'counts',
        [
          [0, 'c'],
          [0, 'y'],
          [0, 'b'],
          [0, 'z'],
        ],
        two,
      );
      for (const slot of [0, 1]) one.setValue(slot, bytes('one'));
      await store.writeFilled(
        'counts',
        [
          [0, 'a', 'one'],
          [0, 'x', 'one'],
        ],
        one,
      );
      for (const slot of [0, 1, 2, 3]) two.setValue(slot, bytes('two'));
      await store.writeFilled(
        'counts',
        [
          [0, 'c', 'two'],
          [0, 'y', 'two'],
          [0, 'b', 'two'],
          [0, 'z', 'two'],
        ],
        two,
      );
      await store.verify();
    },
  ),

  check('a write needs no read before it', 'write puts or deletes each slot, whether it was read or not, known or new.', async (bench) => {
    const store = await bench.open();
    const batch = store.batch('counts', 16);
    for (let round = 0; round < 10; round++) {
      await store.write(
        'counts',
        Array.from({ length: 16 }, (_, i): Row => [i % 2, `k${i * round}`, (i + round) % 5 === 0 ? null : `${round}`]).filter(distinct),
        batch,
      );
    }
    await store.verify();
  }),

  check(
    'a store holds many tables',
    'Tables share nothing but their store and its checkpoints: equal windows and keys do not meet.',
    async (bench) => {
      const store = await bench.open(MANY_TABLES);
      const fill = async (sign: string) => {
        for (const { name, kind, valueBytes } of MANY_TABLES) {
          const rows = Array.from({ length: 6 }, (_, i): Row => [i % 2, `k${i}`, `${sign}${i}`.slice(0, valueBytes)]);
          if (kind === 'value') await store.write(name, rows);
          else await store.append(name, rows);
        }
      };
      await fill('x');
      await store.verify();
      for (const { name } of MANY_TABLES.slice(2, 6)) await store.drop(name, 1);
      await store.verify();
      const checkpoint = await bench.checkpoint(store);
      await fill('y');
      await store.verify();
      await bench.close(store);
      await (await bench.restore(checkpoint)).verify();
    },
  ),

  check(
    'stores do not see each other',
    'A store opens empty, and two open at once share no state, no checkpoint, and no end.',
    async (bench) => {
      const one = await bench.open();
      const two = await bench.open();
      const three = await bench.open([COUNTS], await bench.create());
      const stores = [one, two, three];
      for (const [i, store] of stores.entries())
        await store.write('counts', [
          [0, 'same', `${i}`],
          [i, `own ${i}`, `${i}`],
        ]);
      for (const store of stores) await store.verify();
      await one.append('events', [[0, 'same', 'one']]);
      await two.append('events', [[0, 'same', 'two']]);
      await three.drop('counts', 0);
      for (const store of stores) await store.verify();
      const first = await bench.checkpoint(one, await bench.place(1));
      const second = await bench.checkpoint(two, await bench.place(1));
      await bench.close(one);
      for (const store of [two, three]) await store.verify();
      const again = await bench.restore(first);
      for (const store of [again, two, three]) await store.verify();
      await bench.close(two);
      await again.write('counts', [[0, 'same', 'again']]);
      for (const store of [again, await bench.restore(second), three]) await store.verify();
    },
  ),
];

function distinct([window, key]: Row, i: number, rows: readonly Row[]): boolean {
  return rows.findIndex((row) => row[0] === window && row[1] === key) === i;
}

function arenas({ windows, hashes, present, lengths, keys, values }: StateBatch, from: number): unknown {
  return {
    windows: [...windows.subarray(from)],
    hashes: [...hashes.subarray(from)],
    present: [...present.subarray(from)],
    lengths: [...lengths.subarray(from)],
    keys: keys.slice(from).map((key) => key.toString('latin1')),
    values: values.slice(from).map((value) => value.toString('latin1')),
  };
}
