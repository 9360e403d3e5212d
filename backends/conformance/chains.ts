import { type ConformanceCheck, check, type ModelledCheckpoint, TABLES, type Workbench } from './check.ts';
import type { ModelledStore, Row } from './modelled-store.ts';
import { type Random, seeded } from './seeded.ts';

const CHECKPOINTS = 20;
const KEYS = 200;

export const chainChecks: readonly ConformanceCheck[] = [
  check(
    'a chain of checkpoints restores at every kept one',
    'Each of the two newest checkpoints restores from exactly the files it lists, however many came before it, were given up, or went on from an older one.',
    (bench) =>
      seeded(async (random) => {
        let store = await bench.open();
        let kept: readonly ModelledCheckpoint[] = [];
        for (let i = 0; i < CHECKPOINTS; i++) {
          await changeAtRandom(store, random);
          if (random.below(4) === 0) await giveUp(bench, store, random);
          const checkpoint = await bench.checkpoint(store);
          for (const old of kept.slice(1)) await store.store.release(old.place.id);
          kept = [checkpoint, ...kept].slice(0, 2);
          for (const one of kept) {
            const restored = await bench.restore(one, await bench.copy(one));
            await restored.verify();
            await bench.close(restored);
          }
          if (i % 6 !== 5) continue;
          // The job dies, and goes on from the newest or, were that damaged, from the one before.
          await changeAtRandom(store, random);
          if (random.below(2) === 0) await bench.close(store);
          const from = random.pick(kept);
          store = await bench.restore(from, random.below(2) === 0 ? from.place : await bench.copy(from));
          await store.verify();
          kept = [from];
        }
      }),
  ),
];

async function giveUp(bench: Workbench, store: ModelledStore, random: Random): Promise<void> {
  const cut = await bench.cut(store);
  await changeAtRandom(store, random);
  if (random.below(2) === 0) await bench.persist(cut);
  await store.store.release(cut.place.id);
  await changeAtRandom(store, random);
}

async function changeAtRandom(store: ModelledStore, random: Random): Promise<void> {
  const rows = (value: (i: number) => string | null): Row[] => {
    const all = Array.from({ length: 60 }, (_, i): Row => [random.below(4), `k${random.below(KEYS)}`, value(i)]);
    return [...new Map(all.map((row) => [`${row[0]} ${row[1]}`, row])).values()];
  };
  await store.write(
    'counts',
    rows((i) => (random.below(4) === 0 ? null : `${i}`.repeat(1 + random.below(10)))),
  );
  await store.append(
    'events',
    rows((i) => `${i}`),
  );
  await store.remove('events', rows(() => null).slice(0, random.below(20)));
  await store.write('timers', [[random.below(4), `t${random.below(9)}`, random.below(2) === 0 ? null : '']]);
  if (random.below(3) === 0) await store.drop(random.pick(TABLES).name, random.below(4));
}
