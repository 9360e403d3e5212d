// Proves what `compare` and baselines do as people and scripts meet them: exit codes, data on stdout, words on stderr, and errors that
// name the run they are of.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { inventResults, PROFILES, USUAL } from '../../reports/fixtures.ts';
import type { Results } from '../../reports/read-results.ts';
import { commandLinesIn } from '../asked-for-tests.ts';

const PROGRAM = fileURLToPath(new URL('../brief-for-tests.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'statebench-compare-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

const ask = commandLinesIn(folder);
const compare = (...args: readonly string[]) => ask(['compare', ...args]);

function write(name: string, { plan, environment, trials }: Results): string {
  mkdirSync(path.join(folder, name));
  writeFileSync(path.join(folder, name, 'plan.json'), JSON.stringify(plan));
  writeFileSync(path.join(folder, name, 'environment.json'), JSON.stringify(environment));
  writeFileSync(path.join(folder, name, 'trials.ndjson'), trials.map((trial) => `${JSON.stringify(trial)}\n`).join(''));
  return name;
}

const sound = inventResults({ ...USUAL, backends: 3, failing: [], wrong: [], leftOut: [], noise: 0.01 });
const A = write('a', sound);
const SLOW = write('slow', {
  ...sound,
  trials: sound.trials.map((trial) => {
    if (trial.state === 'failed' || trial.backend.name !== 'lmdb') return trial;
    return { ...trial, throughput: { ...trial.throughput, eventsPerSecond: trial.throughput.eventsPerSecond * 0.5 } };
  }),
});
const FAILING = write('failing', inventResults({ ...USUAL, backends: 3, failing: ['lmdb'], wrong: [], leftOut: [] }));
const SMOKE = write('smoke', inventResults({ ...USUAL, backends: 3, failing: [], wrong: [], leftOut: [], profile: PROFILES.smoke }));

const GATE = ['--fail-on', 'throughput<-5%'];

for (const [what, args, code, message] of [
  ['the same', [A, A, ...GATE], 0, /A and B are the same run/],
  ['slower without a gate', [A, SLOW], 0, /lmdb .*\n {4}- slower, sees/],
  ['slower with a gate', [A, SLOW, ...GATE], 4, /x FAILED {2}throughput<-5% {2}lmdb: −/],
  ['faster with a gate', [SLOW, A, ...GATE], 0, /lmdb .*\n {4}\+ faster, sees/],
  ['under a limit that is not passed', [A, SLOW, '--fail-on', 'throughput<-70%'], 0, /= passed {2}throughput<-70% {2}lmdb/],
  ['one block', [A, SMOKE, ...GATE], 0, /\? undecided/],
  ['one block, strict', [A, SMOKE, ...GATE, '--strict'], 5, /insufficient/],
  ['one block, strict, without a gate', [A, SMOKE, '--strict'], 5, /insufficient/],
  ['a backend that failed', [A, FAILING, ...GATE], 3, /lmdb: not compared: right in A, failed in B/],
  ['a backend that failed before', [FAILING, A, ...GATE], 0, /failed in A .*, right in B/s],
  ['no quotes', [A, SLOW, '--fail-on', 'throughput'], 2, /--fail-on 'throughput': .*in quotes/],
  ['no such metric', [A, SLOW, '--fail-on', 'thruput<-5%'], 2, /no metric 'thruput'/],
  ['no such folder', [A, 'none'], 2, /B \(none\): cannot read plan\.json in none/],
  ['no such form', [A, SLOW, '--to', 'c.pdf'], 2, /--to c\.pdf: the file's name ends in \.html, \.csv, \.md, \.json/],
  ['one run', [A], 2, /missing required argument 'B'/],
] as const) {
  test(`exit ${code}: ${what}`, async (t) => {
    const ended = await compare(...args);
    t.is(ended.code, code, ended.stderr);
    t.is(ended.stdout, '');
    t.regex(ended.stderr, message);
    t.notRegex(ended.stderr, /^ {4}at /m, 'a stack');
  });
}

test('--json is one document with everything, and --to writes it as its name ends', async (t) => {
  const { code, stdout } = await compare(A, SLOW, ...GATE, '--json', '--to', 'c.html', '--to', 'c.csv');
  t.is(code, 4);
  const compared = JSON.parse(stdout);
  t.is(compared.schema, 1);
  const written = (name: string) => readFileSync(path.join(folder, name), 'utf8');
  t.regex(written('c.html'), /^<!doctype html>[\s\S]*Gates: 1 failed/);
  t.regex(written('c.csv'), /^workload,storage,[\s\S]*,lmdb,candidate,Throughput,events\/s,/);
  const lmdb = compared.groups[0].cells.find(({ backend }: { backend: string }) => backend === 'lmdb');
  const { ratio, verdict } = lmdb.values.find(({ metric }: { metric: string }) => metric === 'throughput');
  t.true(ratio.interval.low < 0.5 && 0.5 < ratio.interval.high && Math.abs(ratio.ratio - 0.5) < 1e-9);
  t.is(verdict.word, 'slower');
  t.is(compared.gates.find(({ backend }: { backend: string }) => backend === 'lmdb').state, 'failed');
});

test('what cannot be compared is refused with the difference named, and shown where forced', async (t) => {
  const seeded = write('seeded', { ...sound, plan: { ...sound.plan, seed: 77 } });
  const refused = await compare(A, seeded);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /cannot compare A \(a\) with B \(seeded\): they differ in seed \(5 in A, 77 in B\).*--force-mixed/s);
  const forced = await compare(A, seeded, '--force-mixed');
  t.is(forced.code, 0, forced.stderr);
  t.regex(forced.stderr, /! MIXED: compared by force/);
});

test('damaged and later results are named by run and file', async (t) => {
  const edited = (name: string, file: string, change: (text: string) => string): string => {
    cpSync(path.join(folder, A), path.join(folder, name), { recursive: true });
    const at = path.join(folder, name, file);
    writeFileSync(at, change(readFileSync(at, 'utf8')));
    return name;
  };
  const cut = await compare(
    A,
    edited('cut', 'trials.ndjson', (text) => text.slice(0, text.length * 0.6)),
  );
  t.is(cut.code, 0, cut.stderr);
  t.regex(cut.stderr, /! B is partial: \d+ of 40 trials are finished/);
  const later = await compare(
    edited('later', 'plan.json', (text) => text.replace('"schema":1', '"schema":2')),
    A,
  );
  t.is(later.code, 2);
  t.regex(later.stderr, /A \(later\): plan\.json has schema 2; this Statebench reads up to 1/);
  const broken = await compare(
    A,
    edited('broken', 'plan.json', (text) => text.slice(0, 100)),
  );
  t.is(broken.code, 2);
  t.regex(broken.stderr, /B \(broken\): plan\.json: not JSON/);
});

const SMALL = ['--profile', 'smoke', '--backend', 'memory', '--workload', 'synthetic:keys=50', '--measure', 'throughput', '-q'];

test('a run is kept as a baseline and the next compared with it, which is checked before anything runs', async (t) => {
  const first = await run('run', ...SMALL, '--out', 'first', '--save-baseline', 'main');
  t.is(first.code, 0, first.stderr);
  t.regex(first.stderr, /kept as baseline main/);
  t.true(existsSync(path.join(folder, 'reports', 'baselines', 'main', 'plan.json')));
  const second = await run('run', ...SMALL, '--out', 'second', '--baseline', 'main', ...GATE);
  t.is(second.code, 0, second.stderr);
  t.true(existsSync(path.join(folder, 'second', 'comparison.html')));
  t.regex(second.stderr, /B compared with A\nA {2}main .*\nB {2}second [\s\S]*\? undecided {2}throughput<-5% {2}memory/);
  const strict = await compare('main', 'second', ...GATE, '--strict');
  t.is(strict.code, 5, strict.stderr);
  for (const [args, message] of [
    [['--baseline', 'none'], /A \(none\): cannot read plan\.json/],
    [['--baseline', 'main', '--seed', '2'], /they differ in seed \(1 in A, 2 in B\)/],
    [['--baseline', 'main', '--fail-on', 'speed<-5%'], /no metric 'speed'/],
    [GATE, /--fail-on needs --baseline/],
    [['--save-baseline', '../up'], /a baseline's name is made of letters/],
  ] as const) {
    const refused = await ask(['run', ...SMALL, '--out', 'third', ...args]);
    t.is(refused.code, 2, refused.stderr);
    t.regex(refused.stderr, message);
    t.false(existsSync(path.join(folder, 'third')), 'nothing was run');
  }
});
