// Proves that numbers are rounded to what is known of them, and that units suit their columns.
import test from 'ava';
import { percent, rounded, unitFor, withUnit } from './quantity.ts';

test('a number has the digits its interval supports', (t) => {
  t.is(rounded(2714, 40), '2,710');
  t.is(rounded(348.3, 19), '348');
  t.is(rounded(660.4, 22), '660');
  t.is(rounded(1.4321, 5), '1.4');
  t.is(rounded(8.3, 30), '8');
  t.is(rounded(123456, 0.001), '123,000');
  t.is(rounded(0.0123456, 0.002), '0.012');
  t.is(rounded(0.04321, null), '0.043');
  t.is(rounded(0, 1), '0');
});

test('units', (t) => {
  t.is(unitFor('time', [0.0004, 2.6, 31]).unit, 'ms');
  t.is(unitFor('bytes', []).unit, 'B');
  t.is(withUnit('time', 0.08), '80 µs');
  t.is(withUnit('rate', 2_670_000, 60_000), '2.67 million events/s');
  t.is(percent(0.004), '<1 %');
  t.is(percent(0), '0 %');
});

test('what is rounded up to a thousand is shown in the larger unit', (t) => {
  t.regex(withUnit('time', 999.6), /^1\.0+ s$/);
  t.regex(withUnit('time', 0.99999), /^1\.0+ ms$/);
  t.regex(withUnit('bytes', 999_700), /^1\.0+ MB$/);
  t.is(withUnit('time', 989), '990 ms');
});
