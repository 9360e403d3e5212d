// Proves of every incremental aggregate what the pipeline relies on: what an accumulator's arena held before does not matter, events may
// be any width and begin anywhere, results go where asked, and merging parts, in any order, gives what folding the whole gives.
import test from 'ava';
import type { IncrementalAggregate } from '../contract.ts';
import { draw, drawKey } from '../sources/random.ts';
import { average } from './average.ts';
import { countSumMinMax } from './count-sum-min-max.ts';
import { distinct } from './distinct.ts';
import { quantiles } from './quantiles.ts';
import { topK } from './top-k.ts';

const AGGREGATES: readonly ((inputWidth: number) => IncrementalAggregate)[] = [
  countSumMinMax,
  average,
  (inputWidth) => topK(inputWidth, 1),
  (inputWidth) => topK(inputWidth, 7),
  (inputWidth) => distinct(inputWidth, 4),
  (inputWidth) => distinct(inputWidth, 10),
  (inputWidth) => quantiles(inputWidth, 0),
  (inputWidth) => quantiles(inputWidth, 3),
];

function randomFrom(seed: number): (bound: number) => number {
  const { first, second } = drawKey(seed, 'shift', 0);
  let drawn = 0;
  return (bound) => Math.floor((draw(drawn++, first, second) / 2 ** 32) * bound);
}

/** Accumulators of `values`, value i in slot `slots[i]`, in an arena full of leftovers. */
function folded(make: (inputWidth: number) => IncrementalAggregate, values: readonly number[], slots: readonly number[], inputWidth = 1) {
  const aggregate = make(inputWidth);
  const count = Math.max(...slots) + 1;
  const accumulators = new Float64Array(count * aggregate.accumulatorWidth).fill(Number.NaN);
  const present = new Uint8Array(count);
  const events = new Float64Array((values.length + 2) * inputWidth).fill(1e300);
  for (const [i, value] of values.entries()) events[(i + 2) * inputWidth] = value;
  aggregate.fold(accumulators, present, Int32Array.of(99, ...slots), 1, events, 2, values.length);
  return { aggregate, accumulators, present };
}

function results(aggregate: IncrementalAggregate, accumulators: Float64Array, slot: number): number[] {
  const width = aggregate.columns.length;
  const numbers = new Float64Array(3 * width).fill(-7);
  aggregate.emit(accumulators, slot, 1, numbers, width);
  for (const untouched of [numbers.subarray(0, width), numbers.subarray(2 * width)]) {
    if (untouched.some((number) => number !== -7)) throw new Error('results went where they were not asked for');
  }
  return [...numbers.subarray(width, 2 * width)];
}

for (const make of AGGREGATES) {
  const { name, parameters, columns } = make(1);
  test(`${name} ${JSON.stringify(parameters)}`, (t) => {
    for (let seed = 0; seed < 40; seed++) {
      const random = randomFrom(seed);
      const parts = 1 + random(5);
      const values = Array.from({ length: parts + random(random(3) === 0 ? 3000 : 20) }, () => random(1 + random(2000)) - 500);
      const slots = values.map((_, i) => (i < parts ? i : random(parts)));
      const whole = folded(
        make,
        values,
        values.map(() => 0),
      );
      const expected = results(whole.aggregate, whole.accumulators, 0);
      t.is(expected.length, columns.length);
      t.is(expected[0], values.length, 'the first column is the count');
      const divided = folded(make, values, slots, 1 + random(3));
      t.true(divided.present.every((is) => is === 1));
      const order = Array.from({ length: parts }, (_, part) => part).sort(() => random(2) - 0.5);
      const [into, ...others] = order as [number, ...number[]];
      // Half of them by way of another arena, as from a scan.
      const elsewhere = divided.accumulators.slice();
      for (const [i, part] of others.entries()) {
        divided.aggregate.merge(divided.accumulators, into, i % 2 === 0 ? elsewhere : divided.accumulators, part);
      }
      t.deepEqual(results(divided.aggregate, divided.accumulators, into), expected, `seed ${seed}: parts merged in the order ${order}`);
    }
  });
}
