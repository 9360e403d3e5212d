// Proves the sketch of distinct values against the published hash's test vectors and registers worked out from another implementation of it.
import test from 'ava';
import { HyperLogLog, murmur3 } from './hyper-log-log.ts';

function resultOf(precision: number, values: readonly number[]): number[] {
  const sketch = new HyperLogLog(precision);
  for (const value of values) sketch.add([value]);
  return sketch.result();
}

test('the hash is MurmurHash3', (t) => {
  t.is(murmur3(Buffer.from('aaaa'), 0x9747b28c), 0x5a97808a);
  t.is(murmur3(Buffer.from('abcd'), 0x9747b28c), 0xf0478627);
  const one = Buffer.alloc(8);
  one.writeDoubleLE(1);
  t.deepEqual([murmur3(one, 0x9747b28c), murmur3(one, 0x5bd1e995)], [0x28432859, 0xd1f06e03]);
});

test('few values: linear counting over the registers left', (t) => {
  // 1 and 3 share register 2 of 16, 2 is in register 13.
  t.deepEqual(resultOf(4, [1, 2, 3, 2]), [4, 16 * Math.log(16 / 14)]);
  t.deepEqual(resultOf(4, [0, -0]), [2, 16 * Math.log(16 / 15)]);
});

test('many values: the corrected harmonic mean of the registers', (t) => {
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
  // Ranks of 0 … 99 by register, from another implementation.
  const ranks = [5, 3, 7, 4, 4, 4, 2, 2, 5, 3, 7, 3, 3, 4, 3, 4];
  t.deepEqual(resultOf(4, upTo(100)), [100, (0.673 * 256) / ranks.reduce((sum, rank) => sum + 2 ** -rank, 0)]);
  t.deepEqual(resultOf(5, upTo(1000)), [1000, 931.0286267515922]);
  t.deepEqual(resultOf(5, upTo(79)), [79, 80.27872056239015], 'registers are left, but the mean says more than 2.5 × 32');
  t.deepEqual(resultOf(6, upTo(1000)), [1000, 967.3915211450878]);
  t.deepEqual(resultOf(7, upTo(5000)), [5000, 4347.817328018323]);
  t.deepEqual(resultOf(7, upTo(50)), [50, 128 * Math.log(128 / 86)]);
});

test('a value again changes only the count', (t) => {
  t.deepEqual(resultOf(6, [7, 8, 7, 7]), [4, resultOf(6, [7, 8])[1]!]);
});
