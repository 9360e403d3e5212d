// Proves that a results folder reads back as it was written, that a torn last line is dropped and counted, and that
// anything else wrong is refused with file, line and path.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { inventResults, PROFILES, USUAL } from './fixtures.ts';
import { type Results, readResults } from './read-results.ts';
import { ResultsError, type ResultsErrorCode } from './results-error.ts';

const results = inventResults({ ...USUAL, backends: 2, profile: PROFILES.quick });
const lines = results.trials.map((trial) => JSON.stringify(trial));

interface Files {
  readonly plan: string;
  readonly environment: string;
  readonly trials: string;
}

const WHOLE: Files = {
  plan: JSON.stringify(results.plan),
  environment: JSON.stringify(results.environment),
  trials: `${lines.join('\n')}\n`,
};

async function read(t: ExecutionContext, files: Files): Promise<Results> {
  const folder = await mkdtemp(join(tmpdir(), 'statebench-read-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'plan.json'), files.plan);
  await writeFile(join(folder, 'environment.json'), files.environment);
  await writeFile(join(folder, 'trials.ndjson'), files.trials);
  return readResults(folder);
}

async function refused(t: ExecutionContext, files: Files, code: ResultsErrorCode, message: RegExp): Promise<void> {
  const error = await t.throwsAsync(read(t, files), { instanceOf: ResultsError });
  t.is(error?.code, code);
  t.regex(error?.message ?? '', message);
}

test('what was written is read', async (t) => {
  t.deepEqual(await read(t, WHOLE), results);
  t.deepEqual(await read(t, { ...WHOLE, trials: lines.join('\n') }), results, 'only the last newline is missing');
  t.deepEqual((await read(t, { ...WHOLE, trials: '' })).trials, []);
});

test('a torn last line is dropped and counted, wherever it was cut', async (t) => {
  const last = lines.at(-1)!;
  for (const length of [1, 2, 100, last.length >> 1, last.length - 1]) {
    const torn = await read(t, { ...WHOLE, trials: `${lines.slice(0, -1).join('\n')}\n${last.slice(0, length)}` });
    t.is(torn.tornLines, 1);
    t.is(torn.trials.length, lines.length - 1);
  }
});

test('a bad line in the middle is refused by number', async (t) => {
  const spoilt = (line: string) => ({ ...WHOLE, trials: `${[lines[0], line, ...lines.slice(2)].join('\n')}\n` });
  await refused(t, spoilt(lines[1]!.slice(0, 50)), 'results-invalid', /trials\.ndjson line 2: not JSON/);
  await refused(t, spoilt('[]'), 'results-invalid', /trials\.ndjson line 2: \$/);
  await refused(t, spoilt(lines[0]!), 'results-invalid', /line 2: trial .* was already there/);
  await refused(
    t,
    spoilt(JSON.stringify({ ...results.trials[1], cell: 'elsewhere' })),
    'results-invalid',
    /line 2: cell "elsewhere" is not in plan\.json/,
  );
  const trial = structuredClone(results.trials[1]!);
  const deep = { ...trial, throughput: { ...(trial.state === 'completed' ? trial.throughput : {}), eventsPerSecond: 'many' } };
  await refused(t, spoilt(JSON.stringify(deep)), 'results-invalid', /line 2: \$\.throughput\.eventsPerSecond/);
});

test('trials that were packed to be kept are read, and refused where the packing is damaged', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'statebench-read-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'plan.json'), WHOLE.plan);
  await writeFile(join(folder, 'environment.json'), WHOLE.environment);
  const packed = gzipSync(WHOLE.trials);
  const spoilt = Buffer.from(packed);
  spoilt[packed.length >> 1]! ^= 0xff;
  await writeFile(join(folder, 'trials.ndjson.gz'), packed);
  t.deepEqual(await readResults(folder), results);
  for (const [how, bytes] of [
    ['cut', packed.subarray(0, packed.length >> 1)],
    ['altered', spoilt],
    ['not packed', Buffer.from(WHOLE.trials)],
  ] as const) {
    await writeFile(join(folder, 'trials.ndjson.gz'), bytes);
    const error = await t.throwsAsync(readResults(folder), { instanceOf: ResultsError }, how);
    t.is(error?.code, 'results-invalid', how);
    t.regex(error?.message ?? '', /cannot unpack trials\.ndjson\.gz in /, how);
  }
});

test('a later schema is refused by name, in every file', async (t) => {
  const later = (text: string) => text.replace('"schema":1', '"schema":2');
  await refused(t, { ...WHOLE, plan: later(WHOLE.plan) }, 'results-newer', /plan\.json has schema 2.*update/);
  await refused(t, { ...WHOLE, environment: later(WHOLE.environment) }, 'results-newer', /environment\.json has schema 2/);
  await refused(t, { ...WHOLE, trials: later(WHOLE.trials) }, 'results-newer', /trials\.ndjson line 1 has schema 2/);
});

test('hostile text in an error is made plain', async (t) => {
  await refused(t, { ...WHOLE, plan: WHOLE.plan.replace('"schema"', '"\\u001b[31mowned":1,"schema"') }, 'results-invalid', /^[ -~]*$/);
});

test('a folder without results says what to name', async (t) => {
  const error = await t.throwsAsync(readResults(join(tmpdir(), 'statebench-nowhere')), { instanceOf: ResultsError });
  t.is(error?.code, 'results-missing');
  t.regex(error?.message ?? '', /plan\.json.*--out/);
});
