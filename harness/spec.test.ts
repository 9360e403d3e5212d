// Proves how names with labels and options are read, that what cannot be read says so without a stack, and that no text
// however odd reaches a prototype.
import test from 'ava';
import { z } from 'zod';
import { StatebenchError } from './errors.ts';
import { readOptions } from './options.ts';
import { seededRandom } from './random.ts';
import { parseSpec, specFromParts } from './spec.ts';

const SCHEMA = z.strictObject({
  store: z.enum(['rocksdb', 'hashmap']).default('hashmap'),
  cacheBytes: z
    .int()
    .min(1024)
    .max(2 ** 40)
    .default(1e6),
  gap: z.number().positive().optional().meta({ unit: 'ms' }),
  sync: z.boolean().default(false),
  url: z.string().min(1).optional(),
  level: z.union([z.literal('auto'), z.int()]).default('auto'),
});
const reader = readOptions(SCHEMA, 'thing');
const convert = (text: string) => {
  const spec = parseSpec(text);
  return { name: spec.name, label: spec.label, options: reader.convert(spec.options, `thing '${spec.name}'`) };
};

for (const [text, name, label, options] of [
  ['lmdb', 'lmdb', null, {}],
  ['flink:rocksdb', 'flink', null, { store: 'rocksdb' }],
  ['lmdb@big:cacheBytes=64mb', 'lmdb', 'big', { cacheBytes: 64e6 }],
  ['lmdb:cacheBytes=1gib,sync=true,gap=10s', 'lmdb', null, { cacheBytes: 2 ** 30, sync: true, gap: 10_000 }],
  ['lmdb:rocksdb,sync=false', 'lmdb', null, { store: 'rocksdb', sync: false }],
  ['redis:url=redis://u:p@h:6379/0?a=b', 'redis', null, { url: 'redis://u:p@h:6379/0?a=b' }],
  ['redis:url=a\\,b', 'redis', null, { url: 'a,b' }],
  [`redis:url="a,b=c",sync=true`, 'redis', null, { url: 'a,b=c', sync: true }],
  [`redis:url='it\\'s'`, 'redis', null, { url: "it's" }],
  ['redis:url=C:\\dir', 'redis', null, { url: 'C:\\dir' }],
  ['x:level=auto', 'x', null, { level: 'auto' }],
  ['x:level=7', 'x', null, { level: 7 }],
  ['./my-backend.js', './my-backend.js', null, {}],
  ['folder/mine.js:sync=true', 'folder/mine.js', null, { sync: true }],
  ['./@scope/a:b/mine.mjs@v2:sync=true', './@scope/a:b/mine.mjs', 'v2', { sync: true }],
  ['file:///srv/mine.js:sync=true', 'file:///srv/mine.js', null, { sync: true }],
] as const) {
  test(`reads ${text}`, (t) => t.deepEqual(convert(text), { name, label, options }));
}

for (const [text, code, message] of [
  ['', 'bad-spec', /has no name/],
  [':a=1', 'bad-spec', /has no name/],
  ['LMDB', 'bad-spec', /neither a name nor a path/],
  ['mine.js', 'bad-spec', /for the file of that name write \.\/mine\.js/],
  ['lmdb:', 'bad-spec', /empty option/],
  ['lmdb:sync=true,', 'bad-spec', /empty option/],
  ['lmdb:sync=true,rocksdb', 'bad-spec', /'rocksdb' without a name/],
  ['lmdb:sync=true,sync=false', 'bad-spec', /sets 'sync' twice/],
  ['lmdb:rocksdb,store=hashmap', 'bad-spec', /sets 'store' twice/],
  ['lmdb@', 'bad-spec', /the label ''/],
  ['lmdb@a b', 'bad-spec', /the label 'a b'/],
  ['lmdb:url="a', 'bad-spec', /never closed/],
  ['lmdb:url="a"b', 'bad-spec', /after a closing quote/],
  ['lmdb:=1', 'bad-spec', /where an option's name belongs/],
  ['lmdb:__proto__=1', 'bad-spec', /'__proto__' where an option's name belongs/],
  ['lmdb:constructor=1', 'bad-spec', /'constructor' where/],
  ['./my-backend', 'bad-spec', /ends in \.js or \.mjs/],
  [`lmdb:url=${'x'.repeat(5000)}`, 'bad-spec', /longer than/],
  ['lmdb:snyc=true', 'unknown-option', /thing 'lmdb' has no option 'snyc'\. Did you mean 'sync'\?/],
  ['lmdb:toString=1', 'unknown-option', /There is: store, cacheBytes/],
  ['lmdb:sync=yes', 'bad-value', /'sync' takes true or false, not 'yes'/],
  ['lmdb:rockdb', 'bad-value', /takes one of rocksdb, hashmap, not 'rockdb'\. Did you mean 'rocksdb'\?/],
  ['lmdb:cacheBytes=12', 'bad-value', /a whole number of bytes ≥ 1024 and ≤ 1099511627776 \(or with a unit: 64mb, 1gib\), not '12'/],
  ['lmdb:cacheBytes=10s', 'bad-value', /not '10s'/],
  ['lmdb:cacheBytes=1500.5', 'bad-value', /not '1500.5'/],
  ['lmdb:gap=64mb', 'bad-value', /a number of ms > 0/],
  ['lmdb:url=', 'bad-value', /a text that is not empty/],
  ['lmdb:level=high', 'bad-value', /auto or a whole number/],
] as const) {
  test(`refuses ${text.slice(0, 40)}`, (t) => {
    const error = t.throws(() => convert(text), { instanceOf: StatebenchError });
    t.is(error?.code, code);
    t.regex(error?.message ?? '', message);
  });
}

test('the object form says the same', (t) => {
  t.deepEqual(specFromParts('lmdb', 'big', { cacheBytes: '64mb', sync: true }), {
    name: 'lmdb',
    isPath: false,
    label: 'big',
    options: [
      { key: 'cacheBytes', value: '64mb' },
      { key: 'sync', value: true },
    ],
  });
  t.throws(() => specFromParts('lmdb:sync=true', null, {}), { message: /write them beside 'name'/ });
  t.throws(() => specFromParts('lmdb', null, JSON.parse('{"__proto__": 1}')), { message: /__proto__/ });
});

test('an option that is needed is missed only when the thing is made', (t) => {
  const needing = readOptions(z.strictObject({ url: z.string() }), 'thing');
  const options = needing.convert([], 'thing');
  t.throws(() => needing.resolve(options, `backend 'redis'`), { message: /backend 'redis': option 'url' is needed and takes a text/ });
});

test('options are zod schemas of objects', (t) => {
  for (const schema of [undefined, {}, z.string(), { parse: () => ({}) }]) {
    t.throws(() => readOptions(schema, 'thing'), { instanceOf: StatebenchError, message: /zod/ });
  }
});

test('any text is read or refused', (t) => {
  const seed = Number(process.env.SEED ?? 11);
  const random = seededRandom(seed);
  const parts = [
    'lmdb',
    '@',
    ':',
    '=',
    ',',
    '"',
    "'",
    '\\',
    './',
    '.js',
    '__proto__',
    'constructor',
    'prototype',
    'url',
    'cacheBytes',
    '64mb',
  ];
  const others = [
    '1e400',
    'true',
    'é',
    '\u{0}',
    '\u{1b}[2J',
    '\u{202e}',
    '{}',
    '[',
    ' ',
    '\n',
    '%',
    '$(x)',
    'toString',
    'sync',
    '9'.repeat(400),
  ];
  const words = [...parts, ...others];
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: Math.floor(random() * 12) }, () => words[Math.floor(random() * words.length)]).join('');
    try {
      convert(text);
    } catch (error) {
      t.true(
        error instanceof StatebenchError,
        `SEED=${seed}: ${JSON.stringify(text)} gave ${error instanceof Error ? error.stack : error}`,
      );
    }
  }
  t.deepEqual(Object.keys(Object.prototype), []);
  t.is(({} as { url?: unknown }).url, undefined);
});
