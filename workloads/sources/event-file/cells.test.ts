// Proves what is a time, a number and a key in a cell, by hand and against JavaScript's own dates, and that nothing else is taken for one.
import test from 'ava';
import { keyOf, numberOf, shown, timeOf } from './cells.ts';

test('whole numbers since 1970, in each unit, towards the past where they are finer than a millisecond', (t) => {
  t.is(timeOf('1700000000123', 'ms'), 1_700_000_000_123);
  t.is(timeOf(' -5 ', 'ms'), -5);
  t.is(timeOf('1700000000', 's'), 1_700_000_000_000);
  t.is(timeOf('1700000000123999', 'us'), 1_700_000_000_123);
  t.is(timeOf('-1', 'us'), -1);
  t.is(timeOf('-1000', 'us'), -1);
  t.is(timeOf('-1001', 'us'), -2);
  t.is(timeOf(-1001n, 'us'), -2);
  t.is(timeOf(7n, 's'), 7_000);
  t.is(timeOf(7, 'ms'), 7);
  t.true(Object.is(timeOf('-0', 'ms'), 0));
  for (const cell of [
    '',
    ' ',
    '1.5',
    '1e3',
    '0x10',
    '12a',
    'NaN',
    1.5,
    Number.NaN,
    Infinity,
    null,
    undefined,
    true,
    {},
    new Date(Number.NaN),
  ]) {
    t.is(timeOf(cell, 'ms'), Number.NaN, String(cell));
  }
  t.is(timeOf('253402300799', 's'), Date.UTC(9999, 11, 31, 23, 59, 59));
  t.is(timeOf('253402300800', 's'), Number.NaN, 'beyond the year 9999');
  t.is(timeOf('1700000000000000', 'ms'), Number.NaN, 'microseconds, to all appearance');
  t.is(timeOf('-62135596800', 's'), Date.parse('0001-01-01T00:00:00Z'));
  t.is(timeOf('-62135596801', 's'), Number.NaN);
});

test('ISO 8601 is the date that JavaScript reads, without a zone in UTC', (t) => {
  for (const text of [
    '2023-11-14T22:13:20.123Z',
    '2023-11-14T22:13:20Z',
    '2024-02-29T00:00:00+05:30',
    '1969-12-31T23:59:59.999-08:00',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '2023-11-14T22:13Z',
  ]) {
    t.is(timeOf(text, 's'), Date.parse(text), text);
    t.is(timeOf(text.replace('T', ' ').toLowerCase(), 's'), Date.parse(text), text);
  }
  const noon = Date.UTC(2023, 0, 31, 12);
  for (const text of [
    '2023-01-31T12:00:00',
    '2023-01-31 12:00',
    '2023-01-31T14:00:00+02',
    '2023-01-31T14:00:00 +0200',
    '2023-01-31T12:00:00,000',
  ]) {
    t.is(timeOf(text, 's'), noon, text);
  }
  t.is(timeOf('2023-01-31', 's'), Date.UTC(2023, 0, 31));
  t.is(timeOf('2023-01-31T12:00:00.0009999', 's'), noon);
  t.is(timeOf('1969-12-31T23:59:59.9985', 's'), -2);
  for (const text of [
    '2023-02-29',
    '2023-13-01',
    '2023-00-10',
    '2023-1-1',
    '23-01-01',
    '2023-01-31T24:00:00',
    '2023-01-31T12:60',
    '2023-01-31T12:00:60',
    '2023-01-31T12:00:00+24:00',
    '2023-01-31T12:00:00+01:60',
    '2023-01-31T12',
    '2023-01-31Z',
    'yesterday',
    '31/01/2023',
  ]) {
    t.is(timeOf(text, 's'), Number.NaN, text);
  }
});

test('numbers that a double holds', (t) => {
  for (const [cell, value] of [
    ['1', 1],
    [' -2.50 ', -2.5],
    ['.5', 0.5],
    ['5.', 5],
    ['+1e3', 1000],
    ['9007199254740991', 2 ** 53 - 1],
    [7n, 7],
    [0.1, 0.1],
  ] as const) {
    t.is(numberOf(cell), value, String(cell));
  }
  t.true(Object.is(numberOf('-0'), 0));
  for (const cell of [
    '',
    'x',
    '1,5',
    '0x10',
    'Infinity',
    'nan',
    '1e999',
    '9007199254740993',
    2n ** 60n,
    Infinity,
    Number.NaN,
    true,
    null,
    undefined,
  ]) {
    t.is(numberOf(cell), Number.NaN, String(cell));
  }
});

test('keys are bytes', (t) => {
  t.is(keyOf('Zo\u00c3\u00ab'), 'Zo\u00c3\u00ab');
  t.is(keyOf(-4), '-4');
  t.is(keyOf(2n ** 60n), '1152921504606846976');
  t.is(keyOf(true), 'true');
  t.is(keyOf(Uint8Array.of(0x80, 1)), '\u0080\u0001');
  t.is(keyOf(new Date(5)), '1970-01-01T00:00:00.005Z');
  for (const cell of [null, undefined, {}, []]) t.is(keyOf(cell), null);
});

test('what is shown is short and plain', (t) => {
  t.is(shown('Zo\u00c3\u00ab'), "'Zoë'");
  t.is(shown('\u001b[31mred\r\n'), "'?[31mred??'");
  t.is(shown('x'.repeat(500)).length, 63);
  for (const cell of ['', null, undefined]) t.is(shown(cell), 'empty');
  t.is(shown(12n), "'12'");
});
