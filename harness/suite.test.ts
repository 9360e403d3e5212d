// Proves that a suite is completed and overruled as documented, and that a bad one names its file, JSON path and remedy.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { StatebenchError } from './errors.ts';
import { seededRandom } from './random.ts';
import { DEFAULT_SUITE, overrule, readSuite } from './suite.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'statebench-suite-test-'));
test.after.always('remove the suites', () => rmSync(folder, { recursive: true, force: true }));
let files = 0;
function suiteFile(content: unknown): string {
  const file = path.join(folder, `suite-${++files}.json`);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

test('what a suite does not say comes from the default suite', (t) => {
  const file = suiteFile({ backends: ['lmdb@big:mapBytes=4gib', { name: './mine.js', label: 'x', options: { cache: '64mb' } }], seed: 7 });
  const suite = readSuite(file);
  t.is(suite.name, `suite-${files}`);
  t.is(suite.seed, 7);
  t.deepEqual(suite.workloads, DEFAULT_SUITE.workloads);
  t.is(suite.batchSizes, null);
  t.is(suite.profile, 'quick');
  t.is(suite.memoryBytes, null);
  t.is(readSuite(suiteFile({ memory: '64mb' })).memoryBytes, 64_000_000);
  t.is(readSuite(suiteFile({ memory: 4_194_304 })).memoryBytes, 4_194_304);
  const [lmdb, mine] = suite.backends;
  t.deepEqual(lmdb, { name: 'lmdb', isPath: false, label: 'big', options: [{ key: 'mapBytes', value: '4gib' }] });
  t.is(mine?.name, path.join(folder, 'mine.js'), 'a path in a suite is relative to it');
  t.deepEqual(overrule(suite, { profile: 'smoke', seed: 1 }), { ...suite, profile: 'smoke', seed: 1 });
});

for (const [content, message] of [
  ['', /line 1, column 1: this is not JSON/],
  ['{\n  "seed": 1,\n  oops\n}', /line 3, column 3: this is not JSON/],
  ['[]', /\$: /],
  [{ backend: ['lmdb'] }, /\$\.backend: there is no such key\. Did you mean 'backends'\?/],
  [{ colour: 'red' }, /\$\.colour: there is no such key\. There is: \$schema, name, workloads/],
  [{ backends: [] }, /\$\.backends: /],
  [{ backends: ['lmdb', 'Lmdb!'] }, /\$\.backends\[1\]: 'Lmdb!' begins with 'Lmdb!'/],
  [{ backends: ['lmdb', 7] }, /\$\.backends\[1\]: takes a text such as "lmdb:/],
  [{ backends: [{ name: 'lmdb', lable: 'x' }] }, /\$\.backends\[0\]\.lable: there is no such key\. Did you mean 'label'\?/],
  [{ backends: [{ name: 'lmdb', options: { a: [] } }] }, /\$\.backends\[0\]\.options\.a: /],
  [{ backends: [{ label: 'x' }] }, /\$\.backends\[0\]\.name: /],
  [{ profile: 'quik' }, /\$\.profile: takes one of smoke, quick, standard, rigorous/],
  [{ batchSizes: [0] }, /\$\.batchSizes\[0\]: /],
  [{ parallelisms: [1, 129] }, /\$\.parallelisms\[1\]: /],
  [{ memory: '256 parsecs' }, /\$\.memory: takes a whole number of bytes or a size such as 256mb, not '256 parsecs'/],
  [{ memory: 0 }, /\$\.memory: /],
  [{ seed: -1 }, /\$\.seed: /],
  ['{"__proto__": {"seed": 1}}', /\$\.__proto__: a key of this name is refused/],
  ['{"backends": [{"name": "lmdb", "options": {"constructor": 1}}]}', /\$\.backends\[0\]\.options\.constructor: a key of this name/],
  [`{"name": ${'['.repeat(5000)}${']'.repeat(5000)}}`, /nested too deeply/],
  [' '.repeat(2 ** 20 + 1), /too long for a suite/],
] as const) {
  test(`refuses ${JSON.stringify(content).slice(0, 70)}`, (t) => {
    const file = suiteFile(content);
    const error = t.throws(() => readSuite(file), { instanceOf: StatebenchError, code: 'bad-suite' });
    t.true(error?.message.startsWith(`suite ${file}: `), error?.message);
    t.regex(error?.message ?? '', message);
  });
}

test('a file that is not there, or is a folder', (t) => {
  t.throws(() => readSuite(path.join(folder, 'none.json')), { message: /no such file.*schema suite/ });
  t.throws(() => readSuite(folder), { message: /not a file/ });
});

test('any damage to a suite is read or refused', (t) => {
  const seed = Number(process.env.SEED ?? 3);
  const random = seededRandom(seed);
  const whole = JSON.stringify({
    backends: ['lmdb', { name: 'memory', label: 'x', options: { a: 1 } }],
    batchSizes: [1, 2],
    profile: 'quick',
    seed: 5,
  });
  const odd = ['{', '}', '[', ']', '"', ',', ':', '1e999', 'null', '-', '\\u0000', '"__proto__":1,', '\u{1}', 'é'];
  for (let round = 0; round < 500; round++) {
    const at = Math.floor(random() * whole.length);
    const put = odd[Math.floor(random() * odd.length)]!;
    const text = `${whole.slice(0, at)}${put}${whole.slice(at + Math.floor(random() * 4))}`;
    try {
      readSuite(suiteFile(text));
    } catch (error) {
      t.true(error instanceof StatebenchError, `SEED=${seed}: ${text} gave ${error instanceof Error ? error.stack : error}`);
    }
  }
  t.is(({} as { seed?: unknown }).seed, undefined);
});
