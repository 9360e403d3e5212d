// Proves that the files of a run are whole after any end: a torn line is dropped, a lock of a dead process is taken over and of a
// living one is not, scratch of the dead is swept and nothing else, and passwords are masked wherever they stand.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { maskedOptions, secretOptions, withoutPasswords } from './passwords.ts';
import { type ProcessIdentity, stateOf, thisProcess } from './process-identity.ts';
import { resultText } from './result-text.ts';
import { environmentSchema, type FailedTrial } from './results.ts';
import { openRunFiles } from './run-files.ts';
import { LOCK, lockFolder } from './run-lock.ts';
import { MARKER, makeScratch, removeScratch, sweepScratch } from './scratch.ts';

const root = mkdtempSync(join(tmpdir(), 'statebench-files-test-'));
test.after.always('remove the folder', () => rmSync(root, { recursive: true, force: true }));
const folder = (): string => mkdtempSync(join(root, 'x-'));

const DEAD: Promise<ProcessIdentity> = new Promise((resolve) => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  child.once('exit', () => resolve({ ...thisProcess(), pid: child.pid! }));
});

function trial(block: number): FailedTrial {
  const named = { name: 'x', settings: {} };
  return {
    ...{ schema: 1, id: `a#${block}`, cell: 'a', block, backend: { ...named, durability: 'volatile' }, workload: named, storage: named },
    ...{ batchSize: 1, parallelism: 1, seed: 1, startedAt: '2026-01-01T00:00:00.000Z', durationSeconds: 1 },
    ...{ state: 'failed', phase: 'open', code: 'x', message: 'ü'.repeat(10) },
  };
}

test('trials and sizes read back, wherever the last line was cut', (t) => {
  const directory = folder();
  {
    using files = openRunFiles(directory);
    files.addSize('a', 12.5);
    files.addTrial(trial(1));
    files.addTrial(trial(2));
  }
  const file = join(directory, 'trials.ndjson');
  const whole = readFileSync(file);
  const first = whole.indexOf(0x0a) + 1;
  for (let length = first; length < whole.length; length += 29) {
    writeFileSync(file, whole.subarray(0, length));
    using files = openRunFiles(directory);
    t.is(files.trials.length, 1);
    t.is(files.eventsPerSecond.get('a'), 12.5);
    t.deepEqual(readFileSync(file), whole.subarray(0, first));
    files.addTrial(trial(2));
    t.deepEqual(readFileSync(file), whole);
  }
});

test('a line in the middle that is none is refused by number', (t) => {
  const directory = folder();
  writeFileSync(join(directory, 'trials.ndjson'), `{"schema":1}\n${JSON.stringify(trial(1))}\n`);
  t.throws(() => openRunFiles(directory), { message: /trials\.ndjson line 1: .*begin the run anew/ });
});

test('a lock is held by the living only', async (t) => {
  const directory = folder();
  {
    using _lock = lockFolder(directory);
    t.throws(() => lockFolder(directory), { message: new RegExp(`another statebench \\(process ${process.pid}\\) works on it`) });
  }
  t.deepEqual(readdirSync(directory), []);
  writeFileSync(join(directory, LOCK), JSON.stringify(await DEAD));
  {
    using _lock = lockFolder(directory);
    t.deepEqual(JSON.parse(readFileSync(join(directory, LOCK), 'utf8')), thisProcess());
  }
  if (thisProcess().startTicks !== null) {
    // The pid was given out again.
    writeFileSync(join(directory, LOCK), JSON.stringify({ ...thisProcess(), startTicks: 1 }));
    t.notThrows(() => lockFolder(directory)[Symbol.dispose]());
  }
});

test('takes over an empty lock, whatever its time says against the wall clock', (t) => {
  const directory = folder();
  const file = join(directory, LOCK);
  for (const ageSeconds of [3600, -3600]) {
    writeFileSync(file, '');
    const writtenSeconds = statSync(file).mtimeMs / 1000 - ageSeconds;
    utimesSync(file, writtenSeconds, writtenSeconds);
    lockFolder(directory)[Symbol.dispose]();
  }
  t.deepEqual(readdirSync(directory), []);
});

test('records a trial that the reader would refuse as failed, keeps what was measured, and stays readable', (t) => {
  const directory = folder();
  const refused = { ...trial(2), message: 5 as unknown as string };
  {
    using files = openRunFiles(directory);
    files.addTrial(trial(1));
    t.like(files.addTrial(refused), { id: 'a#2', state: 'failed', phase: 'verify', code: 'results-invalid' });
    t.throws(() => files.addTrial({ ...trial(3), durationSeconds: -3600 }), {
      message: /trial a#3 .*durationSeconds: .*refused-trials\.ndjson/,
    });
    files.addTrial(trial(4));
  }
  using files = openRunFiles(directory);
  t.deepEqual(
    files.trials.map(({ id }) => id),
    ['a#1', 'a#2', 'a#4'],
  );
  t.regex((files.trials[1] as FailedTrial).message, /message: .*refused-trials\.ndjson/);
  const kept = readFileSync(join(directory, 'refused-trials.ndjson'), 'utf8').trim().split('\n');
  t.deepEqual(
    kept.map((line) => JSON.parse(line)),
    [refused, { ...trial(3), durationSeconds: -3600 }],
  );
});

test('a result file that its reader would refuse is not written', (t) => {
  t.throws(() => resultText('environment.json', environmentSchema, { cores: Number.NaN }), {
    message: /^cannot write environment\.json, as it could not be read again: \w+: /,
  });
});

test('scratch of the dead is swept, and nothing else', async (t) => {
  const parent = folder();
  const dead = await DEAD;
  t.is(stateOf(dead), 'gone');
  const own = makeScratch(parent, 'work');
  const left = join(parent, `statebench-work-${dead.pid}-abcdef`);
  mkdirSync(join(left, 'deep'), { recursive: true });
  writeFileSync(join(left, MARKER), JSON.stringify(dead));
  const emptyOfTheDead = join(parent, `statebench-output-${dead.pid}-abcdef`);
  const unmarked = join(parent, `statebench-output-${dead.pid}-ghijkl`);
  const elsewhere = join(parent, `statebench-output-${dead.pid}-mnopqr`);
  for (const directory of [emptyOfTheDead, unmarked, elsewhere]) mkdirSync(directory);
  writeFileSync(join(unmarked, 'precious'), '');
  writeFileSync(join(elsewhere, MARKER), JSON.stringify({ ...dead, host: 'elsewhere.example' }));
  sweepScratch(parent);
  t.deepEqual([left, emptyOfTheDead, unmarked, elsewhere, own].map(existsSync), [false, false, true, true, true]);
  removeScratch(own);
  t.false(existsSync(own));
});

test('passwords are masked wherever they stand', (t) => {
  for (const [text, masked] of [
    ['redis://:s3cret@host:1', 'redis://:***@host:1'],
    ['redis://user:s3cret@host', 'redis://user:***@host'],
    [
      "npx statebench run --backend 'redis@a:url=redis://:s3@cret@host:1'",
      "npx statebench run --backend 'redis@a:url=redis://:***@host:1'",
    ],
    ['rediss://h?password=s3cret&x=1', 'rediss://h?password=***&x=1'],
    ['cassandra:password=s3cret,user=me', 'cassandra:password=***,user=me'],
    ['redis://127.0.0.1:6379', 'redis://127.0.0.1:6379'],
    ['redis:redis://:***@h@label', 'redis:redis://:***@h@label'],
  ] as const) {
    t.is(withoutPasswords(text), masked);
    t.is(withoutPasswords(masked), masked, 'twice is once');
  }
  const options = { url: 'redis://:s3cret@h', password: 's3cret', timeoutMs: 1, path: '/a' };
  t.deepEqual(secretOptions(options), ['url', 'password']);
  t.deepEqual(maskedOptions(options), { url: 'redis://:***@h', password: '***', timeoutMs: 1, path: '/a' });
  t.deepEqual(maskedOptions(maskedOptions(options)), maskedOptions(options));
  t.deepEqual(secretOptions(maskedOptions(options)), ['url', 'password']);
});
