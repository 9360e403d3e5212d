import assert from 'node:assert/strict';
import type { TableSpec } from '../contract.ts';
import { COUNTS, type ConformanceCheck, check, EVENTS, TABLES, TIMERS } from './check.ts';
import type { Row } from './modelled-store.ts';

/** Where encodings of a window go wrong: signs, halves and carries, and the ends of what a double counts exactly. */
export const EDGE_WINDOWS: readonly number[] = [
  Number.MIN_SAFE_INTEGER,
  -(2 ** 32) - 1,
  -(2 ** 32),
  -(2 ** 32) + 1,
  -(2 ** 31) - 1,
  -(2 ** 31),
  -86_400_000,
  -1,
  0,
  1,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 32 + 1,
  1_700_000_000_000,
  Number.MAX_SAFE_INTEGER,
];

/** An element with the longest payload that workloads give events: its length takes more than 16 bits. */
const LONG_BYTES = 65_552;

/** Bytes that text encodings merge, fold or cut at. */
const AWKWARD_KEYS = [
  '\x80',
  '\x81',
  '\xff',
  '\xc3\x28',
  '\xe2\x82',
  '\xef\xbf\xbd',
  '\xed\xa0\x80',
  '\x00\x80',
  '\x00\xff',
  'a\x00b',
  'a\x00c',
  '\n',
  ':',
  'A',
  'a',
  '\xfe\xff',
  '\xff\xff\xff\xff',
];

export const valueChecks: readonly ConformanceCheck[] = [
  check('a new store is empty', 'An opened store holds nothing: read sets present to 0, a scan yields no slot.', async (bench) => {
    const store = await bench.open();
    assert.deepEqual(
      await store.read('counts', [
        [0, 'a'],
        [-1, 'b'],
      ]),
      [null, null],
      'read of a new store',
    );
    for (const { name } of TABLES) assert.deepEqual(await store.scan(name, 0), [], `scan of table '${name}'`);
    for (const { name } of TABLES) await store.drop(name, 0);
  }),

  check(
    'read says what is absent',
    'read sets `present` of each slot: 1 if found, 0 if not, whatever the batch held before.',
    async (bench) => {
      const store = await bench.open();
      await store.write('counts', [[0, 'here', 'x']]);
      assert.deepEqual(
        await store.read('counts', [
          [0, 'not'],
          [0, 'here'],
          [1, 'here'],
          [0, 'her'],
          [0, 'heref'],
        ]),
        [null, 'x', null, null, null],
      );
    },
  ),

  check('the last write wins', 'write puts each slot of present 1: a later value replaces the earlier one.', async (bench) => {
    const store = await bench.open();
    for (const value of ['first', 'second', 'a third and longer', '4', '5']) {
      await store.write('counts', [
        [0, 'a', value],
        [0, 'b', `${value}b`],
      ]);
      await store.verify();
    }
  }),

  check('a delete deletes', 'write deletes each slot of present 0; deleting what is absent is no error.', async (bench) => {
    const store = await bench.open();
    await store.write('counts', [
      [0, 'a', '1'],
      [0, 'b', '2'],
      [1, 'a', '3'],
    ]);
    await store.write('counts', [
      [0, 'a', null],
      [0, 'never', null],
      [7, 'a', null],
    ]);
    await store.verify();
    await store.write('counts', [[0, 'a', 'again']]);
    await store.verify();
    await store.write('counts', [
      [0, 'a', null],
      [0, 'b', null],
      [1, 'a', null],
    ]);
    await store.verify();
  }),

  check(
    'a batch is written whole',
    'write puts or deletes each slot: puts, deletes and repeated calls of one batch all take effect.',
    async (bench) => {
      const store = await bench.open();
      const rows = Array.from({ length: 2500 }, (_, i): Row => [i % 3, `k${i}`, `v${i}`]);
      await store.write('counts', rows);
      await store.write(
        'counts',
        rows.map(([window, key], i): Row => [window, key, i % 2 === 0 ? null : `w${i}`]),
      );
      await store.verify();
      await store.write('counts', []);
      await store.verify();
    },
  ),

  check(
    'keys are bytes',
    'Keys are bytes, never text: 0x80 and 0x81 are two keys, and so are all that a text encoding would merge.',
    async (bench) => {
      const store = await bench.open();
      const rows = AWKWARD_KEYS.map((key, i): Row => [0, key, `v${i}`]);
      await store.write('counts', rows);
      await store.append('events', rows);
      await store.verify();
      const every = Array.from({ length: 256 }, (_, byte): Row => [0, `k${String.fromCharCode(byte)}z`, '']);
      await store.write('timers', every);
      assert.equal((await store.scan('timers', 0)).length, 256, 'keys that differ in one byte');
      await store.write(
        'timers',
        every.filter((_, byte) => byte % 2 === 1).map(([window, key]): Row => [window, key, null]),
      );
      await store.verify();
    },
  ),

  check('windows are whole at every edge', 'A window is any safe integer, before and after 1970, and no two are one.', async (bench) => {
    const store = await bench.open();
    for (const [i, window] of EDGE_WINDOWS.entries()) {
      await store.write('counts', [[window, 'same', `value ${i}`]]);
      await store.append('events', [[window, 'same', `event ${i}`]]);
    }
    await store.verify();
    for (const window of EDGE_WINDOWS.filter((_, i) => i % 2 === 0)) {
      await store.drop('counts', window);
      await store.drop('events', window);
      await store.verify();
    }
    await store.write(
      'counts',
      EDGE_WINDOWS.map((window, i): Row => [window, 'same', `again ${i}`]),
    );
    await store.verify();
  }),

  check(
    'values have their own length',
    'A value has 0 to `valueBytes` bytes, and comes back with as many as were written.',
    async (bench) => {
      const store = await bench.open();
      const lengths = Array.from({ length: COUNTS.valueBytes + 1 }, (_, length) => length);
      await store.write(
        'counts',
        lengths.map((length): Row => [0, `k${length}`, '\xff'.repeat(length)]),
      );
      await store.verify();
      await store.write(
        'counts',
        lengths.map((length): Row => [0, `k${length}`, '\x00'.repeat(COUNTS.valueBytes - length)]),
      );
      await store.verify();
      await store.write('timers', [
        [0, 'set', ''],
        [0, 'too', ''],
      ]);
      await store.write('timers', [[0, 'too', null]]);
      await store.verify();
    },
  ),

  check(
    'long values and elements come back whole',
    'A value or an element has as many bytes as its table says, however many those are, and comes back as it was.',
    async (bench) => {
      const tables: readonly TableSpec[] = [
        { ...COUNTS, name: 'long-counts', valueBytes: LONG_BYTES },
        { ...EVENTS, name: 'long-events', valueBytes: LONG_BYTES },
      ];
      const store = await bench.open(tables);
      // No byte is as it is at the same place of another, nor as a length of 16 bits would have it.
      const textOf = (bytes: number, i: number) =>
        `${'0123456789abcdefghijklmnopqrstuvwxyz'.slice(i).repeat(2_500)}`.slice(0, bytes - 1) + i;
      for (const [i, bytes] of [33, 100, 2 ** 15, 2 ** 16 - 1, 2 ** 16, LONG_BYTES, LONG_BYTES].entries()) {
        const row: Row = [0, `k${i}`, textOf(bytes, i)];
        await store.write('long-counts', [row]);
        await store.append('long-events', [row]);
      }
      await store.append('long-events', [
        [0, 'k0', textOf(LONG_BYTES, 7)],
        [0, 'k6', textOf(LONG_BYTES, 8)],
      ]);
      await store.verify();
      const restored = await bench.restore(await bench.checkpoint(store));
      await restored.verify();
    },
  ),

  check(
    'a scan gives everything once',
    'scan: everything in the window, once each; the batch is refilled and yielded until all were seen.',
    async (bench) => {
      const store = await bench.open();
      for (const count of [1, 7, 8, 9, 64]) {
        await store.write(
          'counts',
          Array.from({ length: count }, (_, i): Row => [count, `k${i}`, `${i}`]),
        );
        await store.write('counts', [[count, 'k0', 'changed']]);
        for (const capacity of [1, 2, 7, 8, 63, 64, 65]) await store.verifyScan('counts', count, { capacity });
      }
      await store.verify();
    },
  ),

  check('a scan can be given up', 'After a scan was left early the store goes on as if it had ended.', async (bench) => {
    const store = await bench.open();
    const rows = Array.from({ length: 20 }, (_, i): Row => [0, `k${i}`, `${i}`]);
    await store.write('counts', rows);
    await store.append('events', rows);
    for await (const filled of store.store.value('counts').scan(0, store.batch('counts', 3))) if (filled.length > 0) break;
    for await (const filled of store.store.list('events').scan(0, store.batch('events', 3))) if (filled.length > 0) break;
    await store.write('counts', [
      [0, 'k3', 'later'],
      [0, 'k4', null],
    ]);
    await store.append('events', [[0, 'k3', 'later']]);
    await store.verify();
    await store.drop('counts', 0);
    await store.verify();
  }),

  check(
    'a scan keeps to its group',
    'With `group`, a scan gives only the keys that start with those `groupBytes` bytes.',
    async (bench) => {
      const store = await bench.open();
      const groups = ['aaaa', 'aaab', 'aaa\xff', 'aab', '\x00\x00\x00\x01', '\xff\xff\xff\xff', 'zzzz'];
      const rows = groups.flatMap((group) => Array.from({ length: 9 }, (_, i): Row => [5, group.padEnd(4, '\0') + i, `${i}`]));
      await store.write('counts', [...rows, [6, 'aaaa0', 'other window']]);
      await store.append('events', [...rows, ...rows, [6, 'aaaa0', 'other']]);
      for (const group of [...groups, 'none']) {
        for (const capacity of [1, 4, 100]) {
          await store.verifyScan('counts', 5, { capacity, group: group.padEnd(4, '\0') });
          await store.verifyScan('events', 5, { capacity, group: group.padEnd(4, '\0') });
        }
      }
      await store.verify();
    },
  ),

  check('a scan lets other tables be used', 'Between two yields of a scan the caller may use other tables of the store.', async (bench) => {
    const store = await bench.open();
    const rows = Array.from({ length: 30 }, (_, i): Row => [0, `k${i}`, `${i}`]);
    await store.write('counts', rows);
    await store.append('events', [...rows, ...rows]);
    const seen = { counts: 0, events: 0 };
    for await (const filled of store.store.value('counts').scan(0, store.batch('counts', 4))) {
      seen.counts += filled.length;
      const key = `${seen.counts}`;
      await store.write('timers', [
        [0, key, ''],
        [1, key, ''],
      ]);
      await store.append('events', [[1, key, 'fired']]);
      await store.verifyScan('events', 0);
      await store.drop('timers', 1);
    }
    assert.equal(seen.counts, 30, `a scan of 'counts', interleaved with use of other tables`);
    for await (const filled of store.store.list('events').scan(0, store.batch('events', 4))) {
      seen.events += filled.length;
      await store.write('counts', [
        [1, `${seen.events}`, 'fired'],
        [0, 'k1', `at ${seen.events}`],
      ]);
      await store.read('counts', rows);
    }
    assert.equal(seen.events, 60, `a scan of 'events', interleaved with use of other tables`);
    await store.verify();
  }),

  check(
    'a drop forgets its window and no other',
    'drop: forgets a whole window, of this table only, and what is written there afterwards is new.',
    async (bench) => {
      const store = await bench.open();
      const windows = [-2, -1, 0, 1, 2, 255, 256, 2 ** 32];
      for (const window of windows) {
        const rows = Array.from({ length: 10 }, (_, i): Row => [window, `k${i}`, `${i}`]);
        await store.write('counts', rows);
        await store.append('events', rows);
        await store.write(
          'timers',
          rows.map(([at, key]): Row => [at, key, '']),
        );
      }
      for (const window of [0, 256, -1]) {
        await store.drop('counts', window);
        await store.drop('counts', window);
        await store.verify();
        await store.write('counts', [[window, 'k1', 'new']]);
        await store.verify();
      }
      await store.drop('counts', 999);
      await store.drop('events', 2 ** 32);
      await store.verify();
    },
  ),

  check(
    'windows come and go',
    'What a dropped window held is gone for good, however often windows of the same name come and go.',
    async (bench) => {
      const store = await bench.open();
      for (let round = 0; round < 40; round++) {
        const rows = Array.from({ length: 8 + (round % 5) * 20 }, (_, i): Row => [round % 4, `k${(i * 7 + round) % 120}`, `${round}`]);
        await store.write('counts', rows);
        await store.append('events', rows);
        await store.drop('counts', (round + 1) % 4);
        await store.drop('events', (round + 1) % 4);
        if (round % 8 === 7) await store.verify();
      }
      await store.verify();
    },
  ),

  check(
    'growth loses nothing',
    'A table takes whatever it is given: 50,000 keys in batches, overwritten, deleted and read back.',
    async (bench) => {
      const count = 50_000;
      const size = 1000;
      const store = await bench.open([COUNTS, TIMERS]);
      const batch = store.batch('counts', size);
      const sweep = async (value: (i: number) => string | null) => {
        for (let from = 0; from < count; from += size) {
          await store.write(
            'counts',
            Array.from({ length: size }, (_, i): Row => [3, `k${from + i}`, value(from + i)]),
            batch,
          );
        }
      };
      await sweep((i) => `v${i}`);
      await sweep((i) => (i % 3 === 0 ? null : `w${i}`));
      for (let from = 0; from < count; from += size) {
        const found = await store.read(
          'counts',
          Array.from({ length: size }, (_, i): Row => [3, `k${from + i}`]),
          batch,
        );
        for (const [i, value] of found.entries())
          assert.equal(value, (from + i) % 3 === 0 ? null : `w${from + i}`, `key k${from + i} of ${count}`);
      }
      await store.verifyScan('counts', 3, { capacity: size });
      await store.drop('counts', 3);
      assert.deepEqual(await store.scan('counts', 3), [], 'scan after the window was dropped');
    },
  ),
];
