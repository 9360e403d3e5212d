import assert from 'node:assert/strict';
import { type ConformanceCheck, check, EVENTS } from './check.ts';
import type { Row } from './modelled-store.ts';

export const listChecks: readonly ConformanceCheck[] = [
  check(
    'a list keeps the order of appends',
    'append: slots of one key are appended in slot order; a scan gives the elements of a key together, in the order appended.',
    async (bench) => {
      const store = await bench.open();
      for (let round = 0; round < 12; round++) {
        const rows = Array.from({ length: 40 }, (_, i): Row => [(i * 5 + round) % 4, `k${(i * i + round) % 7}`, `${round}.${i}`]);
        await store.append('events', rows);
      }
      await store.verify();
      for (const capacity of [1, 3, 64, 1000]) for (const window of [0, 1, 2, 3]) await store.verifyScan('events', window, { capacity });
    },
  ),

  check(
    'a list grows past a batch',
    'elements of a key come together, however many there are and however small the batch of the scan.',
    async (bench) => {
      const store = await bench.open();
      for (let round = 0; round < 6; round++) {
        await store.append(
          'events',
          Array.from({ length: 200 }, (_, i): Row => [0, i % 4 === 0 ? 'small' : 'great', `${round}.${i}`]),
        );
      }
      for (const capacity of [1, 10, 1200]) await store.verifyScan('events', 0, { capacity });
    },
  ),

  check(
    'append adds one element per slot',
    'append adds one element per slot, without reading first and whatever `present` says; equal elements are all kept.',
    async (bench) => {
      const store = await bench.open();
      const batch = store.batch('events', 6);
      store.fill(
        batch,
        Array.from({ length: 6 }, (): Row => [0, 'a', 'same element']),
      );
      batch.present.set([0, 1, 0, 1, 0, 0]);
      await store.store.list('events').append(batch);
      assert.deepEqual(
        await store.scan('events', 0),
        Array.from({ length: 6 }, () => ['a', 'same element']),
        'six equal elements of one key',
      );
    },
  ),

  check('elements are bytes', 'An element is bytes of the width of its table, and comes back as it was.', async (bench) => {
    const store = await bench.open();
    const elements = Array.from({ length: 256 }, (_, byte) => `${String.fromCharCode(byte).repeat(EVENTS.valueBytes - 1)}.`);
    await store.append(
      'events',
      elements.map((element): Row => [0, 'bytes', element]),
    );
    await store.verify();
  }),

  check(
    'remove forgets a list and no other',
    "remove forgets the whole list of each slot's (window, key); removing what is absent is no error.",
    async (bench) => {
      const store = await bench.open();
      const rows = Array.from({ length: 60 }, (_, i): Row => [i % 2, `k${i % 10}`, `${i}`]);
      await store.append('events', rows);
      await store.remove('events', [
        [0, 'k0'],
        [1, 'k1'],
        [0, 'k0'],
        [0, 'never'],
        [9, 'k2'],
      ]);
      await store.verify();
      await store.append('events', [
        [0, 'k0', 'new'],
        [0, 'k0', 'newer'],
        [1, 'k3', 'more'],
      ]);
      await store.verify();
      await store.remove('events', rows);
      await store.verify();
      await store.append('events', rows);
      await store.verify();
    },
  ),

  check('drop forgets the lists of a window', 'drop: forgets a whole window; appends after it start new lists.', async (bench) => {
    const store = await bench.open();
    const rows = Array.from({ length: 60 }, (_, i): Row => [i % 3, `k${i % 5}`, `${i}`]);
    await store.append('events', rows);
    await store.drop('events', 1);
    await store.verify();
    await store.append('events', [...rows].reverse());
    await store.verify();
    await store.drop('events', 0);
    await store.drop('events', 2);
    await store.verify();
  }),
];
