// Proves that as many events as asked for are on each side and that sides go neither with time nor with keys or values: chi-square at
// alpha 0.001 with fixed seeds.
import test from 'ava';
import { EVENT_TYPE, WorkloadError } from '../contract.ts';
import { chiSquare, chiSquareLimit } from './chi-square.ts';
import { eventTypes } from './event-types.ts';
import { keySampler } from './keys/key-sampler.ts';

const EVENTS = 400_000;

function typesOf(seed: number, right: number, ends: number): Uint8Array {
  const types = new Uint8Array(EVENTS).fill(9);
  eventTypes(seed, { right, ends })!(types, 0, 0, EVENTS);
  return types;
}

test('each type has its share, whatever the type before and the key', (t) => {
  for (const [right, ends] of [
    [0.5, 0],
    [0.3, 0.1],
    [0, 0.2],
    [1, 0],
  ] as const) {
    const shares = [1 - right - ends, right, ends];
    const types = typesOf(1, right, ends);
    const keys = new Uint32Array(EVENTS);
    keySampler(1, 10, { kind: 'uniform' })(keys, 0, EVENTS);
    const pairs = new Map<number, number>();
    const keyed = new Map<number, number>();
    for (let i = 0; i < EVENTS; i++) {
      if (i % 2 === 1) pairs.set(3 * types[i - 1]! + types[i]!, (pairs.get(3 * types[i - 1]! + types[i]!) ?? 0) + 1);
      keyed.set(3 * keys[i]! + types[i]!, (keyed.get(3 * keys[i]! + types[i]!) ?? 0) + 1);
    }
    for (const [name, counts, expectedOf] of [
      ['pairs', pairs, (cell: number) => (EVENTS / 2) * shares[Math.floor(cell / 3)]! * shares[cell % 3]!],
      ['keys', keyed, (cell: number) => (EVENTS / 10) * shares[cell % 3]!],
    ] as const) {
      const expected = [...counts.keys()].map(expectedOf);
      t.false(expected.includes(0), `${name}: a type without a share`);
      const statistic = chiSquare([...counts.values()], expected);
      t.true(statistic < chiSquareLimit(Math.max(3, counts.size - 1)), `right ${right}, ends ${ends}, ${name}: ${statistic}`);
    }
  }
  t.deepEqual(EVENT_TYPE, { left: 0, right: 1, end: 2 });
});

test('nothing is drawn for one stream, and shares that cannot be are refused', (t) => {
  t.is(eventTypes(1, { right: 0, ends: 0 }), null);
  for (const shares of [
    { right: 0.7, ends: 0.4 },
    { right: -0.1, ends: 0 },
    { right: Number.NaN, ends: 0 },
  ]) {
    t.throws(() => eventTypes(1, shares), { instanceOf: WorkloadError, code: 'impossible-settings', message: /together at most 1/ });
  }
});
