// Proves that words depend on seed, stream and position alone, that they are uniform and independent of each other, and that bringing
// them to a range is exact. Seeds are fixed, alpha is 0.001 a test, so a failure is a change in the code, not bad luck.
import test from 'ava';
import { chiSquare, chiSquareLimit } from './chi-square.ts';
import { BLOCK, draw, drawKey, type Stream, scaled } from './random.ts';

const DRAWS = 1 << 20;

test('a word is the same however its key is placed', (t) => {
  for (const position of [0, 1, 4_000, 2 ** 31 - 5, BLOCK - 11, BLOCK, 5 * BLOCK + 2 ** 31]) {
    const here = drawKey(9, 'key', position);
    const before = drawKey(9, 'key', Math.floor(position / BLOCK) * BLOCK);
    for (const i of [0, 1, 10]) t.is(draw(i, here.first, here.second), draw((position % BLOCK) + i, before.first, before.second));
  }
});

test('seeds, streams, blocks and attempts each have words of their own', (t) => {
  const firsts = new Set<number>();
  let keys = 0;
  for (const seed of [0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
    for (const stream of ['key', 'value', 'order'] satisfies Stream[]) {
      for (const position of [0, BLOCK, 2 * BLOCK]) {
        for (const attempt of [0, 1]) {
          const { first, second } = drawKey(seed, stream, position, attempt);
          firsts.add(draw(0, first, second));
          keys++;
        }
      }
    }
  }
  t.is(firsts.size, keys);
});

test('every byte of a word is uniform', (t) => {
  for (const seed of [0, 1, 123_456_789]) {
    const { first, second } = drawKey(seed, 'value', 0);
    const counts = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)];
    for (let i = 0; i < DRAWS; i++) {
      const word = draw(i, first, second);
      for (const [byte, count] of counts.entries()) count[(word >>> (8 * byte)) & 0xff]!++;
    }
    for (const [byte, count] of counts.entries()) {
      const statistic = chiSquare(count, DRAWS / 256);
      t.true(statistic < chiSquareLimit(255), `seed ${seed}, byte ${byte}: ${statistic}`);
    }
  }
});

test('neighbours are independent: in one stream, in two streams, in two seeds', (t) => {
  const pairs: Readonly<Record<string, readonly [Stream, number, number]>> = {
    'next position': ['value', 1, 1],
    'other stream': ['key', 1, 0],
    'other seed': ['value', 2, 0],
  };
  const a = drawKey(1, 'value', 0);
  for (const [name, [stream, seed, distance]] of Object.entries(pairs)) {
    const b = drawKey(seed, stream, distance);
    const counts = new Uint32Array(64 * 64);
    for (let i = 0; i < DRAWS; i++) counts[(draw(i, a.first, a.second) >>> 26) * 64 + (draw(i, b.first, b.second) >>> 26)]!++;
    const statistic = chiSquare(counts, DRAWS / 4096);
    t.true(statistic < chiSquareLimit(4095), `${name}: ${statistic}`);
  }
});

test('one bit of the position changes half the bits of the word', (t) => {
  const { first, second } = drawKey(3, 'key', 0);
  for (let bit = 0; bit < 32; bit++) {
    let changed = 0;
    for (let i = 0; i < 4096; i++) {
      const difference = draw(i * 7919, first, second) ^ draw((i * 7919) ^ (1 << bit), first, second);
      for (let at = 0; at < 32; at++) changed += (difference >>> at) & 1;
    }
    // 131,072 bits: three and a half deviations are 0.5 %.
    t.true(Math.abs(changed / (4096 * 32) - 0.5) < 0.005, `bit ${bit}: ${changed / (4096 * 32)}`);
  }
});

test('scaled is floor(word × bound / 2^32) exactly', (t) => {
  for (const bound of [1, 2, 3, 1_000, 99_999, 2 ** 24, 2 ** 31 + 1, 2 ** 36 - 1]) {
    for (const word of [0, 1, 65_535, 65_536, 2 ** 31, 0xdeadbeef, 2 ** 32 - 1]) {
      t.is(scaled(word, bound), Number((BigInt(word) * BigInt(bound)) >> 32n), `${word} × ${bound}`);
    }
  }
});
