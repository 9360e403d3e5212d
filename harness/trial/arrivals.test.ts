// Proves that events are due when a schedule says, without drift, and that random ones have the gaps of a Poisson process.
import test from 'ava';
import { Arrivals } from './arrivals.ts';

test('even arrivals do not drift', (t) => {
  const arrivals = new Arrivals('constant', 1);
  arrivals.begin(5e9, 3);
  for (let i = 0; i < 3_000_000; i++) arrivals.advance();
  t.is(arrivals.nextNs, 5e9 + 1e15);
});

test('random arrivals keep the rate, with gaps that are exponential', (t) => {
  const arrivals = new Arrivals('poisson', 7);
  arrivals.begin(0, 1000);
  const gaps = Array.from({ length: 200_000 }, () => {
    const before = arrivals.nextNs;
    arrivals.advance();
    return arrivals.nextNs - before;
  });
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  t.true(Math.abs(mean / 1e6 - 1) < 0.01, `mean ${mean}`);
  const longer = (periods: number) => gaps.filter((gap) => gap > periods * 1e6).length / gaps.length;
  for (const periods of [0.5, 1, 3]) t.true(Math.abs(longer(periods) / Math.exp(-periods) - 1) < 0.03, `${periods} periods`);
  t.true(gaps.every((gap) => gap >= 0));
});
