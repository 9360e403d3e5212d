// Proves, in the short form of `npm run test:long -- simulations`, that intervals cover the truth as often as they say, that verdicts, tiers
// and gates are wrong rarely, and that what is there is found; and that a property which is not kept would be seen.
import test from 'ava';
import { PROPERTIES } from './properties.ts';
import { countedLine, simulate } from './simulations.ts';

const SEED = 20261122;
const ROUNDS = 1200;

test(`every property is kept in ${ROUNDS} invented runs`, (t) => {
  const counted = simulate({ seed: SEED, rounds: ROUNDS });
  t.is(counted.length, PROPERTIES.length);
  for (const one of counted) {
    t.log(countedLine(one));
    t.true(one.isKept, `seed ${SEED}: ${countedLine(one)}`);
  }
});

test('the shares are those of the properties, not their limits', (t) => {
  const shares = simulate({ seed: SEED + 1, rounds: 100 }).map(({ share }) => share);
  t.true(new Set(shares).size > 5, 'they differ');
  const [first] = simulate({ seed: SEED, rounds: 100 });
  t.regex(countedLine({ ...first!, share: 0.5, isKept: false }), /^BROKEN +50\.0 % \(93 to 97 %\)/);
});
