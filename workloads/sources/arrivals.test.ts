// Proves that Poisson arrivals are a Poisson process (gaps by Kolmogorov and Smirnov, counts by chi-square, both at alpha 0.001 with
// fixed seeds), that bursts are where and as dense as they should be, and that times never fall, whatever the pieces.
import test from 'ava';
import { WorkloadError } from '../contract.ts';
import { type Arrivals, eventTimes, longestMs, POISSON_BLOCK } from './arrivals.ts';
import { chiSquare, chiSquareLimit } from './chi-square.ts';
import { kolmogorovSmirnov, kolmogorovSmirnovLimit } from './kolmogorov-smirnov.ts';

const START_MS = 1_700_000_000_000;
const BURST: Arrivals = { kind: 'burst', ratePerSecond: 1_000, everyMs: 10_000, lengthMs: 700, factor: 20 };

/** ms since the start, of `count` events. */
function times(arrivals: Arrivals, count: number, { seed = 1, position = 0, piece = count } = {}): Float64Array {
  const write = eventTimes(seed, START_MS, arrivals);
  const result = new Float64Array(count);
  for (let done = 0; done < count; done += piece) write(result, done, position + done, Math.min(piece, count - done));
  return result.map((time) => time - START_MS);
}

/** Counts of events in cells of `cellMs`. */
function countsOf(moments: Float64Array, cellMs: number, cells: number): Float64Array {
  const counts = new Float64Array(cells);
  for (const moment of moments) if (moment < cells * cellMs) counts[Math.floor(moment / cellMs)]!++;
  return counts;
}

test('poisson: gaps are exponential', (t) => {
  const events = 100_000;
  const meanMs = 100_000;
  const gapsOf = (kind: 'poisson' | 'constant'): Float64Array => {
    const moments = times({ kind, ratePerSecond: 1000 / meanMs }, events + 1, { seed: 2 });
    return moments.subarray(1).map((moment, i) => moment - moments[i]!);
  };
  const below = (gapMs: number): number => 1 - Math.exp(-gapMs / meanMs);
  const distance = kolmogorovSmirnov(gapsOf('poisson'), below);
  t.true(distance < kolmogorovSmirnovLimit(events), `${distance} above ${kolmogorovSmirnovLimit(events)}`);
  t.true(kolmogorovSmirnov(gapsOf('constant'), below) > kolmogorovSmirnovLimit(events), 'the test can fail');
});

test('poisson: counts of equal times are multinomial within a block, no more even and no more uneven', (t) => {
  const blocks = 200;
  const cells = 64;
  const cellMs = 16_000;
  const ratePerSecond = (1000 * POISSON_BLOCK) / (cells * cellMs);
  const statisticOf = (kind: 'poisson' | 'constant'): number => {
    const counts = countsOf(times({ kind, ratePerSecond }, blocks * POISSON_BLOCK, { seed: 3 }), cellMs, blocks * cells);
    return chiSquare(counts, POISSON_BLOCK / cells);
  };
  const degrees = blocks * (cells - 1);
  const limit = chiSquareLimit(degrees);
  const statistic = statisticOf('poisson');
  t.true(statistic < limit && statistic > 2 * degrees - limit, `${statistic}, where ${degrees} is right and ${limit} the limit`);
  t.true(statisticOf('constant') < 2 * degrees - limit, 'the test can fail');
});

test('poisson: neighbouring counts are independent, also across blocks', (t) => {
  const cells = 100_000;
  const counts = countsOf(times({ kind: 'poisson', ratePerSecond: 1 }, 1.1 * cells, { seed: 4 }), 1_000, cells);
  const pairs = new Float64Array(9);
  const level = (count: number): number => Math.min(count, 2);
  for (let i = 0; i + 1 < cells; i += 2) pairs[3 * level(counts[i]!) + level(counts[i + 1]!)]!++;
  const shares = [Math.exp(-1), Math.exp(-1), 1 - 2 * Math.exp(-1)];
  const expected = pairs.map((_, cell) => (cells / 2) * shares[Math.floor(cell / 3)]! * shares[cell % 3]!);
  t.true(chiSquare(pairs, expected) < chiSquareLimit(8), `${chiSquare(pairs, expected)}`);
});

test('burst: so many times as many events as in between, for as long as asked, every so often; the rate holds over a cycle', (t) => {
  const cycles = 50;
  const moments = times(BURST, cycles * 10_000);
  const counts = countsOf(moments, 100, cycles * 100);
  // 10,000 events a cycle: 700 ms of 20 shares a ms and 9,300 of one.
  const quiet = (100 * 10_000) / (9_300 + 20 * 700);
  for (const [cell, count] of counts.entries()) {
    const wanted = cell % 100 < 7 ? 20 * quiet : quiet;
    if (Math.abs(count - wanted) > 21) t.fail(`${count} events in cell ${cell}, ${wanted} wanted`);
    if (cell % 100 === 99) t.is(sum(counts.subarray(cell - 99, cell + 1)), 10_000);
  }
});

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count);
}

test('times never fall, are the same in any pieces, and no stretch of events lasts longer than said', (t) => {
  for (const arrivals of [
    { kind: 'constant', ratePerSecond: 7_000 },
    { kind: 'poisson', ratePerSecond: 7_000 },
    { kind: 'poisson', ratePerSecond: 3 },
    BURST,
    { kind: 'burst', ratePerSecond: 37, everyMs: 977, lengthMs: 976, factor: 1.5 },
    { kind: 'burst', ratePerSecond: 1_000_000, everyMs: 60_000, lengthMs: 1, factor: 1_000 },
  ] satisfies Arrivals[]) {
    for (const position of [0, 2 ** 32 - 2 * POISSON_BLOCK - 7, 2 ** 40 + 5]) {
      const name = `${JSON.stringify(arrivals)} from ${position}`;
      const whole = times(arrivals, 20_000, { position });
      for (const piece of [1, 333, 1_024]) t.deepEqual(times(arrivals, 20_000, { position, piece }), whole, name);
      const most = longestMs(arrivals, 500);
      for (let i = 1; i < whole.length; i++) {
        if (!Number.isInteger(whole[i]) || whole[i]! < whole[i - 1]!) t.fail(`${name}: ${whole[i - 1]}, then ${whole[i]}`);
        if (i >= 500 && whole[i]! - whole[i - 500]! > most) t.fail(`${name}: ${whole[i]! - whole[i - 500]!} ms of 500 events`);
      }
    }
  }
  t.pass();
});

test('bursts that cannot be are refused, with the reason', (t) => {
  const refused = (change: object, message: RegExp): void => {
    t.throws(() => eventTimes(1, 0, { ...BURST, ...change }), { instanceOf: WorkloadError, code: 'impossible-settings', message });
  };
  refused({ lengthMs: 10_000 }, /a burst of 10000 ms every 10000 ms leaves no time/);
  refused({ lengthMs: 0 }, /a burst of 0 ms/);
  refused({ factor: 0.5 }, /burstFactor 0.5 is less than 1/);
});
