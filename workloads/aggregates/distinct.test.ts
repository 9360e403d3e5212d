// Proves that the registers are those of the definition (the estimates of fixed sets were computed by a second program, in Python),
// that estimates lie within four standard errors of the truth over many sets, and that the accumulator is as small as it is said.
import test from 'ava';
import { draw, drawKey } from '../sources/random.ts';
import { distinct } from './distinct.ts';

function estimate(precision: number, values: Float64Array): number {
  const aggregate = distinct(1, precision);
  const accumulators = new Float64Array(aggregate.accumulatorWidth);
  aggregate.fold(accumulators, new Uint8Array(1), new Int32Array(values.length), 0, values, 0, values.length);
  const results = new Float64Array(2);
  aggregate.emit(accumulators, 0, 1, results, 0);
  return results[1]!;
}

for (const [precision, count, expected] of [
  [4, 5, 4.6029131592284935],
  [4, 700, 457.05417616580314],
  [4, 30000, 20547.891479526843],
  [6, 5, 5.206120925052954],
  [6, 700, 604.6688767791785],
  [6, 30000, 28902.16223295368],
  [10, 5, 5.012246913769684],
  [10, 700, 703.8002226541741],
  [10, 30000, 28244.390147528167],
] as const) {
  test(`precision ${precision}, ${count} values`, (t) => {
    t.is(
      estimate(
        precision,
        Float64Array.from({ length: count }, (_, i) => i * 1.5 - 3),
      ),
      expected,
    );
  });
}

test('values seen again, and −0 for 0, change nothing', (t) => {
  const once = Float64Array.from({ length: 500 }, (_, i) => i);
  const again = Float64Array.from({ length: 5_000 }, (_, i) => (i % 1000 === 0 ? -0 : i % 500));
  t.is(estimate(10, again), estimate(10, once));
});

// From the least precision whose standard error is no rough word to the greatest that workloads offer.
for (const precision of [6, 10, 14]) {
  test(`precision ${precision}: estimates are within four standard errors, and as spread as they should be`, (t) => {
    const standardError = 1.04 / Math.sqrt(2 ** precision);
    const registers = 2 ** precision;
    for (const count of [30, 300, 3 * registers, 10 * registers, 100_000]) {
      const sets = count < 10_000 ? 60 : 25;
      let squares = 0;
      for (let seed = 0; seed < sets; seed++) {
        const { first, second } = drawKey(seed, 'value', 0);
        // Different values by construction: the hash of a counter within the set.
        const values = Float64Array.from({ length: count }, (_, i) => draw(seed, first, second) + i * 3.25);
        const error = estimate(precision, values) / count - 1;
        t.true(Math.abs(error) <= 4 * standardError, `seed ${seed}: ${count} values are estimated ${error * 100} % off`);
        squares += error * error;
      }
      const spread = Math.sqrt(squares / sets) / standardError;
      // Beyond 2.5 values a register linear counting gives way to the harmonic mean, which is biased there by up to a standard error
      // (Heule, Nunkesser, Hall 2013, figure 1).
      const most = count > 2.5 * registers && count < 5 * registers ? 1.8 : 1.4;
      t.true(spread < most, `${count} values: the error is ${spread} standard errors in the mean`);
      if (count >= 3 * registers)
        t.true(spread > 0.6, `${count} values: the error is ${spread} standard errors in the mean, which is too good`);
    }
  });
}

test('an accumulator takes a byte a register and 8 for the count', (t) => {
  t.is(distinct(1, 10).accumulatorWidth * 8, 1032);
  t.throws(() => distinct(1, 3), { message: /precision must be an integer from 4 to 16, not 3/ });
});
