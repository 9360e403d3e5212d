// Proves that every block holds every cell once, in an order that the seed alone decides and that favours no place.
import test from 'ava';
import { seededRandom } from './random.ts';
import { makeSchedule } from './schedule.ts';

const CELLS = ['a', 'b', 'c', 'd', 'e'];

test('every cell once in each block, repeatably', (t) => {
  const schedule = makeSchedule(CELLS, 40, 1);
  t.is(schedule.length, 40);
  for (const block of schedule) t.deepEqual([...block].sort(), CELLS);
  t.deepEqual(makeSchedule(CELLS, 40, 1), schedule);
  t.notDeepEqual(makeSchedule(CELLS, 40, 2), schedule);
  t.notDeepEqual(makeSchedule(CELLS, 40, 1 + 2 ** 32), schedule, 'the upper half of a seed counts');
  t.true(new Set(schedule.map((block) => block.join())).size > 20, 'blocks have orders of their own');
});

test('the second block of a pair is the first one reversed: a steady drift falls on all cells alike', (t) => {
  const schedule = makeSchedule(CELLS, 7, 3);
  for (const pair of [0, 2, 4]) {
    const [first, second] = schedule.slice(pair, pair + 2) as [readonly string[], readonly string[]];
    t.deepEqual(second, first.toReversed());
    t.deepEqual(new Set(CELLS.map((cell) => first.indexOf(cell) + second.indexOf(cell))), new Set([CELLS.length - 1]));
  }
  t.notDeepEqual(schedule[2], schedule[0], 'pairs have orders of their own');
  t.is(schedule.length, 7, 'the last block may be alone');
});

test('every cell stands in every place about as often', (t) => {
  const blocks = 5000;
  const places = new Map<string, number>();
  for (const block of makeSchedule(CELLS, blocks, 1)) {
    for (const [place, cell] of block.entries()) places.set(`${cell}${place}`, (places.get(`${cell}${place}`) ?? 0) + 1);
  }
  const expected = blocks / CELLS.length;
  t.is(places.size, CELLS.length ** 2);
  // Five standard deviations of a binomial count.
  for (const [place, count] of places) t.true(Math.abs(count - expected) < 5 * Math.sqrt(expected * 0.8), `${place}: ${count}`);
});

test('random numbers fill [0, 1) evenly', (t) => {
  const random = seededRandom(42);
  const bins = new Array<number>(16).fill(0);
  for (let i = 0; i < 160_000; i++) {
    const number = random();
    if (number < 0 || number >= 1) return t.fail(String(number));
    bins[Math.floor(number * 16)]!++;
  }
  for (const count of bins) t.true(Math.abs(count - 10_000) < 500, String(bins));
});
