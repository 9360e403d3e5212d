// Proves that verdicts follow their definitions, that Holm's adjustment and the intervals agree, and that tiers hold what cannot be told
// apart. How often they are right is proven in scripts/simulations.
import test from 'ava';
import { generator, normal } from '../fixtures.ts';
import { type ByBlock, holm, type PairedRatio, pairedRatio } from './ratio.ts';
import { splitIntoTiers, tiersOf } from './tiers.ts';
import { shownBy, verdictOf } from './verdict.ts';

const ratioOf = (...ratios: readonly number[]): PairedRatio =>
  pairedRatio(new Map(ratios.map((ratio, i) => [i, ratio])), new Map(ratios.map((_, i) => [i, 1])))!;

test('each word has its case', (t) => {
  t.is(verdictOf(ratioOf(1.2, 1.21, 1.19), 0.05).word, 'faster');
  t.is(verdictOf(ratioOf(0.8, 0.81, 0.79), 0.05).word, 'slower');
  t.is(verdictOf(ratioOf(1.001, 0.999, 1, 1.002), 0.05).word, 'equivalent');
  t.is(verdictOf(ratioOf(1.5, 0.7, 1.2), 0.05).word, 'unresolved');
  t.is(verdictOf(ratioOf(1.5, 1.5), 0.05).word, 'insufficient');
  t.is(verdictOf(null, 0.05).word, 'insufficient');
});

test('a profile decides no effect below its smallest, and one that decides nothing decides nothing', (t) => {
  const small = ratioOf(1.2, 1.201, 1.199);
  t.like(verdictOf(small, 0.25), { word: 'unresolved', blocksNeeded: null });
  t.is(verdictOf(ratioOf(1.3, 1.301, 1.299), 0.25).word, 'faster');
  t.is(verdictOf(ratioOf(1, 1, 1), 0.25).word, 'unresolved');
  t.is(verdictOf(ratioOf(9, 9, 9), null).word, 'insufficient');
});

test('what is significant but under the margin is not called a difference', (t) => {
  t.is(verdictOf(ratioOf(1.04, 1.0401, 1.0399, 1.04), 0.05).word, 'equivalent');
  t.not(verdictOf(ratioOf(1.049, 1.03, 1.068, 1.05), 0.05).word, 'faster');
});

test('exchanging the sides mirrors the verdict', (t) => {
  const mirror = {
    faster: 'slower',
    slower: 'faster',
    equivalent: 'equivalent',
    unresolved: 'unresolved',
    insufficient: 'insufficient',
  } as const;
  const random = generator(11);
  for (let i = 0; i < 200; i++) {
    const ratios = Array.from({ length: 4 }, () => Math.exp(normal(random) * 0.06 + (i % 3) * 0.05));
    const [there, back] = [verdictOf(ratioOf(...ratios), 0.05).word, verdictOf(ratioOf(...ratios.map((ratio) => 1 / ratio)), 0.05).word];
    t.is(back, mirror[there], `seed 11, case ${i}`);
  }
});

test('the blocks asked for would be enough with the same noise', (t) => {
  const { word, blocksNeeded } = verdictOf(ratioOf(1.25, 1.02, 1.1, 1.08, 1.2, 0.98), 0.05);
  t.is(word, 'unresolved');
  t.true(blocksNeeded !== null && blocksNeeded > 6 && blocksNeeded < 40, String(blocksNeeded));
});

test('Holm: alphas step down, stop at the first that fails, and intervals agree with rejections', (t) => {
  const random = generator(3);
  for (let round = 0; round < 300; round++) {
    const family = Array.from({ length: 5 }, (_, i) =>
      ratioOf(...Array.from({ length: 5 }, () => Math.exp(normal(random) * 0.05 + i * 0.02))),
    );
    const adjusted = holm(family);
    const sorted = adjusted.toSorted((a, b) => a!.p! - b!.p!);
    let stopped = false;
    for (const [i, ratio] of sorted.entries()) {
      const rejected = !stopped && ratio!.p! <= 0.05 / (5 - i);
      if (!rejected) stopped = true;
      const { low, high } = ratio!.interval!;
      t.is(low > 1 || high < 1, rejected, `seed 3, round ${round}, place ${i}`);
    }
    t.deepEqual(
      adjusted.map((ratio) => ratio!.ratio),
      family.map((ratio) => ratio.ratio),
    );
  }
});

test('tiers hold what cannot be told apart, and there are none without enough blocks', (t) => {
  const random = generator(5);
  const drift = Array.from({ length: 10 }, () => normal(random) * 0.08);
  const competitor = (id: string, mean: number, blocks = 10) => ({
    id,
    mean,
    byBlock: new Map(drift.slice(0, blocks).map((shift, block) => [block, mean * Math.exp(shift + normal(random) * 0.02)])),
  });
  const all = [competitor('c', 50), competitor('a', 100), competitor('b', 99), competitor('d', 49.5)];
  t.deepEqual(
    tiersOf(all, 0.05)?.map(({ members }) => members),
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  );
  t.is(tiersOf([competitor('a', 100, 2), competitor('b', 10, 2)], 0.05), null);
  t.is(tiersOf(all, null), null);
  t.deepEqual(
    tiersOf([competitor('a', 100)], 0.05)?.map(({ members }) => members),
    [['a']],
  );
  t.deepEqual(tiersOf([], 0.05), []);
  t.deepEqual(tiersOf([competitor('a', 100, 3), competitor('b', 85, 3)], 0.25)?.length, 1);
});

/** Whether tiers are in the order of the means, and whether no tier holds two that are shown to differ. */
function isConsistent(run: readonly ByBlock[]): { readonly ordered: boolean; readonly alike: boolean; readonly tiers: number } {
  const mean = (values: ByBlock) => Math.exp([...values.values()].reduce((sum, value) => sum + Math.log(value), 0) / values.size);
  const means = run.map(mean);
  const tiers = tiersOf(
    run.map((byBlock, i) => ({ id: String(i), mean: means[i]!, byBlock })),
    0.05,
  )!.map(({ members }) => members.map(Number));
  const pairs = run.flatMap((_, i) => run.slice(i + 1).map((_, j) => [i, i + 1 + j] as const));
  const ratios = holm(pairs.map(([one, other]) => pairedRatio(run[one]!, run[other]!)));
  const tierOf = (cell: number) => tiers.findIndex((members) => members.includes(cell));
  const flat = tiers.flat();
  return {
    ordered: flat.every((cell, i) => i === 0 || means[flat[i - 1]!]! >= means[cell]!),
    alike: pairs.every(([one, other], i) => shownBy(ratios[i]!, 0.05) === null || tierOf(one) !== tierOf(other)),
    tiers: tiers.length,
  };
}

test('a store whose trials vary widely does not stand above a faster one', (t) => {
  const all = [
    ['memory', [1000, 1010, 990, 1000, 1005]],
    ['lmdb', [500, 505, 495, 500, 502]],
    ['rocksdb', [900, 40, 700, 300, 800]],
  ] as const;
  const competitors = all.map(([id, values]) => ({
    id,
    mean: Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length),
    byBlock: new Map(values.map((value, block) => [block, value])),
  }));
  t.true(competitors[2]!.mean < competitors[1]!.mean);
  const tiers = tiersOf(competitors, 0.05)!;
  t.deepEqual(
    tiers.map(({ members }) => members),
    [['memory'], ['lmdb', 'rocksdb']],
  );
  t.is(tiers[0]!.against.find(({ id }) => id === 'rocksdb')?.verdict.word, 'unresolved');
});

test('two that are shown to differ share no tier, although neither is shown to differ from the best', (t) => {
  const wide = [0.5, -0.5, 0.4, -0.4, 0.3, -0.3];
  const items = [
    new Map(wide.map((noise, i) => [i, 110 * Math.exp(noise)])),
    new Map(wide.map((noise, i) => [i, 100 * Math.exp(noise / 100)])),
    new Map(wide.map((noise, i) => [i, 85 * Math.exp(-noise / 100)])),
  ];
  const { tiers } = splitIntoTiers(items, pairedRatio, 0.05, 0.05);
  t.deepEqual(
    tiers.map((members) => members.map((item) => items.indexOf(item))),
    [[0, 1], [2]],
  );
});

test('tiers are consistent in 500 invented runs of stores that vary differently', (t) => {
  const random = generator(18);
  let divided = 0;
  for (let round = 0; round < 500; round++) {
    const noises = Array.from({ length: 6 }, () => 0.01 + 0.3 * random() ** 2);
    const run = noises.map((noise) => {
      const rate = 1 + random();
      return new Map(Array.from({ length: 6 }, (_, block) => [block, rate * Math.exp(normal(random) * noise)]));
    });
    const { ordered, alike, tiers } = isConsistent(run);
    t.true(ordered && alike, `seed 18, round ${round}`);
    if (tiers > 1) divided++;
  }
  t.true(divided > 400, `${divided} of 500 runs have several tiers`);
});

test('the light test of a ratio agrees with the verdict', (t) => {
  const noise = [1, -1, 0.5, -0.5, 0.8, -0.8, 0.2, -0.2, 0.6, -0.6];
  for (const smallest of [0.05, 0.25, null]) {
    for (let step = -40; step <= 40; step++) {
      const ratio = ratioOf(...noise.map((one) => Math.exp(step / 100 + 0.15 * one)));
      const { word } = verdictOf(ratio, smallest);
      t.is(shownBy(ratio, smallest), word === 'faster' || word === 'slower' ? word : null, `${step} ${smallest}`);
    }
  }
});
