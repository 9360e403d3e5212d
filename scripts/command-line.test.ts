// Proves the command line as people and scripts meet it: the real program, its exit codes, data on stdout, words on
// stderr, nothing run where something is misspelt, and no stack unless asked for.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { builtInFile } from '../harness/modules.ts';
import { microSchema, trialSchema } from '../harness/results.ts';
import { isScratchName } from '../harness/scratch.ts';
import { commandLinesIn } from './asked-for-tests.ts';

const PROGRAM = fileURLToPath(new URL('./statebench.js', import.meta.url));
const BRIEF = fileURLToPath(new URL('./brief-for-tests.js', import.meta.url));
const START = fileURLToPath(new URL('./start.js', import.meta.url));

const folder = mkdtempSync(path.join(tmpdir(), 'statebench-command-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));
function file(name: string, text: string): string {
  const at = path.join(folder, name);
  writeFileSync(at, text);
  return at;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], program = PROGRAM): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const { STATEBENCH_DEBUG: _, ...env } = process.env;
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr }))) };
}

const run = (args: readonly string[], program = PROGRAM): Promise<Ended> => start(args, program).ended;
const ask = commandLinesIn(folder);

test('alone it prints help, examples first', async (t) => {
  const alone = await run([]);
  t.is(alone.code, 0);
  t.is(alone.stdout, '');
  t.true(alone.stderr.indexOf('Examples:') > 0 && alone.stderr.indexOf('Examples:') < alone.stderr.indexOf('Usage:'));
  t.deepEqual(await run(['--help']), alone);
  const ofRun = await run(['run', '--help']);
  t.is(ofRun.code, 0);
  t.regex(ofRun.stderr, /--checkpoint-storage <spec>/);
  t.false(ofRun.stderr.includes('Examples:'));
});

test('the version is data', async (t) => {
  const { code, stdout, stderr } = await run(['--version']);
  t.is(code, 0);
  t.regex(stdout, /^\d+\.\d+\.\d+\n$/);
  t.is(stderr, '');
});

const SUITE = file('bad.json', '{"backends": ["lmdb"], "profil": "quick"}');
const HALF = file('half.mjs', 'export default () => ({});');
const ALL = file(
  'all.mjs',
  `import synthetic, { options } from ${JSON.stringify(builtInFile('workload', 'synthetic'))}; export { options }; export const description = 'all under one key';
   export default (given) => ({ ...synthetic(given), stages: synthetic(given).stages.map((stage) => ({ ...stage, keyPrefixBytes: 0 })) });`,
);
for (const [args, message] of [
  [['rnu'], /unknown command 'rnu'\s+\(Did you mean run\?\)/],
  [['run', '--bakend', 'lmdb'], /unknown option '--bakend'\s+\(Did you mean --backend\?\)/],
  [['run', '--profile', 'quik'], /Allowed choices are smoke, quick, standard, rigorous/],
  [['run', '--batch-size', '1,x'], /a whole number from 1/],
  [['run', '--batch-size', '10000'], /batch size 10000 .*'flights-delays'.*every 1000 events.*Ask for at most 1000/],
  [['run', '--dry-run', '--workload', 'synthetic', '--batch-size', '64,2000'], /batch size 2000 .*set watermarkEvery=2000 in the workload/],
  [
    ['output', '--workload', 'synthetic', '--batch-size', '1001', '--backend', 'memory', '--to', 'x.csv'],
    /batch size 1001 .*largest size possible is 1000/,
  ],
  [
    ['trace', 'record', '--workload', 'synthetic', '--batch-size', '1001', '--backend', 'memory', '--to', 'x.trace'],
    /batch size 1001 .*largest size possible is 1000/,
  ],
  [['run', '--parallelism', '0'], /a whole number from 1/],
  [
    ['run', '--parallelism', '1,2', '--workload', ALL],
    /cannot be divided among 2 processes: .*under one key.*--parallelism 1, or on a Flink/,
  ],
  [['output', '--parallelism', '2', '--workload', ALL, '--backend', 'memory', '--to', 'x.csv'], /run it .*on a Flink cluster/],
  [['run', '--measure', 'throughput,rescal'], /There is no 'rescal' to name here\. Did you mean 'rescale'\?/],
  [['run', '--crashes-per-day', '0'], /a number above 0/],
  [['run', '--memory', 'lots'], /a whole number of bytes, or a size such as 256mb or 1gib/],
  [['run', '--memory', '64kb', '--backend', 'level'], /backend 'level': option 'memoryBytes' takes a whole number of bytes ≥ 1048576/],
  [['run', '--memory', '8mib', '--backend', 'sqlite:cacheBytes=9mib'], /less than the cacheBytes that are set/],
  [['micro', '--operation', 'valGet'], /There is no 'valGet' to name here\. Did you mean 'valueGet'\?/],
  [['micro', '--backend', 'rocksdbb'], /there is no backend 'rocksdbb'\. Did you mean 'rocksdb'\?/],
  [['micro', '--backend', 'memory', '--backend', 'flink:rocksdb'], /^statebench: flink:rocksdb runs whole workloads, and the operations/],
  [['conformance', 'flink'], /^statebench: flink runs whole workloads, and the contract is that of a store/],
  [['micro', '--keys', '100'], /a batch holds a key once: --batch-size 1024 takes at least as many --keys, not 100/],
  [['micro', '--key-bytes', '9'], /--key-bytes takes a multiple of 4, not 9/],
  [['micro', '--backend', 'lmdb', '--backend', 'lmdb'], /two backends are named 'lmdb'/],
  [['run', '--seed', '-1'], /a whole number from 0/],
  [['run', '--backend', 'lmbd'], /there is no backend 'lmbd'\. Did you mean 'lmdb'\?/],
  [['run', '--workload', 'flight-delays'], /there is no workload 'flight-delays'\. Did you mean 'flights-delays'\?/],
  [['run', '--checkpoint-storage', 'filesytem'], /Did you mean 'filesystem'\?/],
  [['run', '--backend', 'lmdb:snyc=true'], /backend 'lmdb' has no option 'snyc'\. Did you mean 'sync'\?/],
  [['run', '--backend', 'lmdb:sync=maybe'], /option 'sync' takes true or false, not 'maybe'/],
  [['run', '--backend', 'lmdb', '--backend', 'lmdb'], /two backends are named 'lmdb'.*lmdb@second/],
  [['run', '--backend', 'lmdb', '--reference', 'level'], /the reference 'level' is no candidate/],
  [['run', '--backend', './none.js'], /there is no file/],
  [['run', '--backend', HALF], /must export 'options', a zod schema/],
  [['run', 'none.json'], /suite none\.json: there is no such file/],
  [['run', SUITE], /\$\.profil: there is no such key\. Did you mean 'profile'\?/],
  [['run', '--backend', 'lmdb:__proto__=1'], /'__proto__' where an option's name belongs/],
  [['output', '--workload', 'synthetic', '--backend', 'memory'], /required option '--to <file>'/],
  [['output', '--workload', 'synthetic', '--backend', 'memory', '--to', 'none/x.csv'], /cannot write none\/x\.csv/],
  [['migrate', '--from', 'none', '--to', 'memory'], /none is no directory: name a job's checkpoints directory/],
  [['migrate', '--from', 'none', '--to', 'lmbd'], /there is no backend 'lmbd'\. Did you mean 'lmdb'\?/],
  [['migrate', '--from', '.', '--to', 'memory'], /holds no checkpoint/],
  [['describe', 'lmbd'], /there is nothing named 'lmbd'\. Did you mean 'lmdb'\?/],
  [['list', 'bakends'], /Allowed choices are backends/],
  [['conformance', HALF], /must export 'options'/],
  [['report', 'none'], /cannot read plan\.json in none/],
  [['schema', 'trial'], /Allowed choices are result, suite/],
] as const) {
  test(`exit 2 before anything runs: ${args.join(' ').replace(folder, '')}`, async (t) => {
    const { code, stdout, stderr } = await ask(args);
    t.is(code, 2, stderr);
    t.is(stdout, '');
    t.regex(stderr, message);
    t.notRegex(stderr, /^ {4}at /m, 'a stack');
    t.false(existsSync(path.join(folder, 'reports')));
  });
}

test('a stack where it is asked for', async (t) => {
  const { code, stderr } = await run(['describe', 'lmbd', '--debug']);
  t.is(code, 2);
  t.regex(stderr, /^ {4}at /m);
});

test('text from outside cannot drive the terminal', async (t) => {
  const { code, stderr } = await ask(['run', '--backend', 'lmdb@\u{1b}[2Jx']);
  t.is(code, 2);
  t.false(stderr.includes('\u{1b}'));
});

test('list and describe as JSON', async (t) => {
  const list = await ask(['list', '--json']);
  t.is(list.code, 0);
  const listed: { kind: string; name: string; unavailable: string | null }[] = JSON.parse(list.stdout);
  for (const name of ['memory', 'lmdb', 'level', 'sqlite', 'rocksdb', 'redis', 'null', 'flights-delays', 'filesystem', 'quick']) {
    t.is(listed.find((item) => item.name === name)?.unavailable, null, name);
  }
  const workloads = await ask(['list', 'workloads']);
  t.regex(workloads.stdout, /^flights-delays\n {2}Delays of [\s\S]*?\n {2}job: {8}A dashboard/m);
  t.false(workloads.stdout.includes('lmdb'));
  for (const line of [...workloads.stdout.split('\n'), ...(await ask(['list'])).stdout.split('\n')]) t.true(line.length <= 100, line);
  const join = JSON.parse((await ask(['list', 'workloads', '--json'])).stdout).find(
    ({ name }: { name: string }) => name === 'interval-join',
  );
  t.regex(join.gallery.operations, /^append to its side/);
  const described = await ask(['describe', 'interval-join']);
  t.regex(described.stderr, /^operations: append to its side/m);
  for (const line of described.stderr.split('\n')) t.true(line.length <= 120, line);
  const { code, stdout } = await ask(['describe', 'lmdb:sync=true', '--json']);
  t.is(code, 0);
  const lmdb = JSON.parse(stdout);
  t.is(lmdb.durability === 'volatile', false);
  t.is(lmdb.settings.sync, true);
  t.deepEqual(lmdb.options.find((option: { name: string }) => option.name === 'sync').takes, 'true or false');
  t.is(JSON.parse((await ask(['describe', 'redis', '--json'])).stdout).server, 'redis');
});

test('schemas', async (t) => {
  t.is(JSON.parse((await ask(['schema', 'suite'])).stdout).additionalProperties, false);
  t.is(JSON.parse((await ask(['schema', 'result'])).stdout).oneOf.length, 2);
  t.is(JSON.parse((await ask(['schema', 'micro'])).stdout).additionalProperties, false);
});

const MICRO = ['micro', '--keys', '100', '--batch-size', '1,32', '--blocks', '1', '--time-ms', '1'];

test('micro gives one JSON document, and a folder that a report can be drawn of again', async (t) => {
  const out = path.join(folder, 'micro');
  const args = [...MICRO, '--operation', 'valueGet', '--operation', 'listAppend,mapKeysTtl', '--out', out, '--json'];
  const { code, stdout, stderr } = await run(args);
  t.is(code, 0, stderr);
  const results = microSchema.parse(JSON.parse(stdout));
  t.deepEqual(results, JSON.parse(readFileSync(path.join(out, 'micro.json'), 'utf8')));
  t.deepEqual(
    results.backends.map(({ name }) => name),
    ['memory', 'rocksdb'],
  );
  t.is(results.measurements.length, 2 * 3 * 2);
  t.deepEqual(readdirSync(out).sort(), ['micro.json', 'report.html']);
  const page = readFileSync(path.join(out, 'report.html'), 'utf8');
  const again = await run(['report', out]);
  t.is(again.code, 0);
  t.regex(again.stderr, /^listAppend +[\d,]+ +[\d,]+ /m);
  t.is(readFileSync(path.join(out, 'report.html'), 'utf8'), page);
  const twice = await run(args);
  t.is(twice.code, 2);
  t.regex(twice.stderr, /it holds micro\.json already/);
});

test('micro refuses a wrong backend with 3, and keeps what the others gave', async (t) => {
  const out = path.join(folder, 'micro-wrong');
  const wrong = file(
    'forgets.mjs',
    `import * as memory from '${new URL('../backends/memory.js', import.meta.url).href}';
export const options = memory.options;
export default (given) => {
  const backend = memory.default(given);
  const open = async (request) => {
    const store = await backend.open(request);
    const value = (name) => {
      const table = store.value(name);
      return { read: () => undefined, write: (batch) => table.write(batch), scan: (...of) => table.scan(...of), drop: (window) => table.drop(window) };
    };
    return { ...store, value };
  };
  return { ...backend, name: 'forgets', open };
};`,
  );
  const { code, stderr } = await run([...MICRO, '--backend', 'memory', '--backend', wrong, '--operation', 'valueGet', '--out', out]);
  t.is(code, 3, stderr);
  t.regex(stderr, /^! forgets: valueGet: at batch size 1: it found/m);
  const results = microSchema.parse(JSON.parse(readFileSync(path.join(out, 'micro.json'), 'utf8')));
  t.deepEqual([...new Set(results.measurements.map(({ backend }) => backend))], ['memory']);
});

test('micro ends early on a signal, with what there is', async (t) => {
  const out = path.join(folder, 'micro-early');
  const { child, ended } = start([
    'micro',
    '--keys',
    '2000',
    '--time-ms',
    '300',
    '--backend',
    'memory',
    '--operation',
    'valueGet,listGet',
    '--out',
    out,
  ]);
  child.stderr?.on('data', (text) => String(text).includes('1/6') && child.kill('SIGINT'));
  t.is((await ended).code, 130);
  const results = microSchema.parse(JSON.parse(readFileSync(path.join(out, 'micro.json'), 'utf8')));
  t.false(results.complete);
  t.is(results.measurements.length, 2);
  t.deepEqual(readdirSync(out).sort(), ['micro.json', 'report.html']);
});

test('a reader that goes away ends it quietly', async (t) => {
  const { child, ended } = start(['schema', 'result']);
  child.stdout?.destroy();
  const { code, stderr } = await ended;
  t.is(code, 0);
  t.is(stderr, '');
});

test('npm start alone is the default run, with arguments the command line', async (t) => {
  t.deepEqual(await run(['describe', 'lmbd'], START), await run(['describe', 'lmbd']));
  t.is((await run(['--version'], START)).stdout, (await run(['--version'])).stdout);
});

test('a dry run prints the default plan and touches nothing', async (t) => {
  const { code, stdout, stderr } = await ask(['run', '--dry-run', '--json']);
  t.is(code, 0, stderr);
  const plan = JSON.parse(stdout);
  t.deepEqual(
    plan.cells.map(({ backend }: { backend: { name: string } }) => backend.name),
    ['null', 'memory', 'lmdb', 'level', 'sqlite', 'rocksdb', 'redis', 'memory@again'],
  );
  t.is(plan.reference, 'memory');
  t.true(plan.choosesTwinOnDisk);
  t.is(plan.estimate.trials, 27, 'with the twin still to be chosen');
  const shown = (await ask(['run', '--dry-run'])).stderr;
  t.regex(shown, /8 cells, 27 trials, about \d+ min/);
  t.regex(shown.replace(/\s+/g, ' '), /the fastest store on disk once more/);
  t.false(shown.includes('processes'));
  const several = (await ask(['run', '--dry-run', '--backend', 'memory', '--parallelism', '2,1,100'])).stderr;
  t.regex(several, /processes +2, 1, 100; backends are compared at 2/);
  t.regex(several, /100 processes take turns on \d+ core/);
  t.false(existsSync(path.join(folder, 'reports')));
});

test('an output folder that cannot take a run is told before measuring', async (t) => {
  const full = path.join(folder, 'full');
  mkdirSync(full);
  writeFileSync(path.join(full, 'trials.ndjson'), '');
  const used = await ask(['run', '--profile', 'smoke', '--backend', 'memory', '--out', full]);
  t.is(used.code, 2);
  t.regex(used.stderr, /results folder .*full: it is not empty; name another with --out/);
  const below = await ask(['run', '--profile', 'smoke', '--backend', 'memory', '--out', path.join(SUITE, 'x')]);
  t.is(below.code, 2);
  t.regex(below.stderr, /it cannot be written to/);
  if (process.getuid?.() !== 0) {
    const locked = path.join(folder, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    t.is((await ask(['run', '--profile', 'smoke', '--backend', 'memory', '--out', path.join(locked, 'x')])).code, 2);
  }
});

test('output is the same file whatever the batch size and the crashes', async (t) => {
  const write = async (to: string, ...more: readonly string[]): Promise<string> => {
    const ended = await run(['output', '--workload', 'synthetic:events=20000', '--backend', 'memory', '--to', to, ...more]);
    t.is(ended.code, 0, ended.stderr);
    t.is(ended.stdout, '');
    return readFileSync(path.join(folder, to), 'utf8');
  };
  const plain = await write('plain.csv');
  t.true(plain.startsWith('stage,window_start,window_end,key,count,sum,min,max\n'));
  t.true(plain.split('\n').length > 100);
  t.is(
    await write('killed.csv', '--batch-size', '64', '--checkpoint-every', '4000', '--kill-after', '9000', '--kill-after', '14000'),
    plain,
  );
  t.is(await write('several.csv', '--parallelism', '2', '--kill-after', '9000', '--checkpoint-every', '4000'), plain);
});

test('a job is migrated to another backend and goes on to the same file', async (t) => {
  const job = path.join(folder, 'job');
  const output = (...more: readonly string[]) =>
    run(['output', '--workload', 'synthetic:events=20000,keys=500', '--directory', job, '--checkpoint-every', '6000', ...more]);
  const plain = await output('--backend', 'memory', '--to', 'by-memory.csv');
  t.is(plain.code, 0, plain.stderr);
  const other = await output('--backend', 'sqlite', '--to', 'by-sqlite.csv');
  t.is(other.code, 2);
  t.regex(other.stderr, /was made by memory, not sqlite: .*statebench migrate/);
  const checkpoints = path.join(job, 'checkpoints');
  const moved = await run(['migrate', '--from', checkpoints, '--to', 'sqlite:synchronous=off']);
  t.is(moved.code, 0, moved.stderr);
  t.regex(
    moved.stderr,
    /checkpoint \d+ of memory after event \d+000: moved 1 tables, 1 windows, 500 entries \(\S+ KiB of keys and values\) in \S+ s/,
  );
  renameSync(checkpoints, path.join(job, 'before'));
  renameSync(`${checkpoints}-sqlite`, checkpoints);
  const gone = await output('--backend', 'sqlite', '--to', 'by-sqlite.csv');
  t.is(gone.code, 0, gone.stderr);
  t.is(readFileSync(path.join(folder, 'by-sqlite.csv'), 'utf8'), readFileSync(path.join(folder, 'by-memory.csv'), 'utf8'));
});

test('a backend that throws is a failed trial, the others go on, and reports can be drawn again', async (t) => {
  const throws = file(
    'throws.mjs',
    `import { z } from '${import.meta.resolve('zod')}';
     export const options = z.strictObject({});
     export default () => ({ name: 'throws', settings: {}, durability: 'volatile',
       open: async () => { throw new Error('on purpose'); }, restore: async () => { throw new Error('on purpose'); } });`,
  );
  const out = path.join(folder, 'run');
  const suite = ['run', '--profile', 'smoke', '--workload', 'synthetic:keys=500', '--batch-size', '1', '--out', out, '--json'];
  const { code, stdout, stderr } = await run([...suite, '--backend', throws, '--backend', 'memory'], BRIEF);
  t.is(code, 3, stderr);
  t.regex(stderr, /throws\/.*did not finish \(\S+\): on purpose/);
  t.regex(stderr, /memory\/.*events\/s, output right/);
  t.regex(stderr, /^took .* \(expected .*\), at most .* of disk \(.*\), .* of memory \(.*\)$/m);
  t.true(stderr.trimEnd().endsWith(`report: ${path.join(out, 'report.html')}`));
  t.deepEqual(JSON.parse(stdout), JSON.parse(readFileSync(path.join(out, 'summary.json'), 'utf8')));
  const trials = readFileSync(path.join(out, 'trials.ndjson'), 'utf8').trimEnd().split('\n');
  t.deepEqual(trials.map((line) => trialSchema.parse(JSON.parse(line)).state).sort(), ['completed', 'failed']);
  t.deepEqual(readdirSync(out).sort(), ['environment.json', 'plan.json', 'report.html', 'summary.json', 'trials.ndjson']);

  const again = await run(['report', out, '--to', 'again.html']);
  t.is(again.code, 0, again.stderr);
  t.is(readFileSync(path.join(folder, 'again.html'), 'utf8'), readFileSync(path.join(out, 'report.html'), 'utf8'));
  for (const [name, begins] of [
    ['table.csv', 'workload,'],
    ['table.md', '| '],
    ['table.json', '['],
  ] as const) {
    t.is((await ask(['export', out, '--to', name])).code, 0);
    t.true(readFileSync(path.join(folder, name), 'utf8').startsWith(begins), name);
  }
  const refused = await ask(['export', out, '--to', 'table.xlsx']);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /ends in \.csv, \.md, \.json/);
});

test('Ctrl-C ends the trial, keeps what there is and exits with 130', async (t) => {
  const out = path.join(folder, 'stopped');
  const { child, ended } = start(['run', '--profile', 'standard', '--backend', 'memory', '--workload', 'synthetic', '--out', out]);
  await new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('results')) resolve();
    });
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const sentMs = performance.now();
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  t.is(code, 130, stderr);
  t.regex(stderr, /once more to kill/);
  t.true(performance.now() - sentMs < 60_000, 'the run would have gone on for minutes');
  t.deepEqual(readdirSync(out).filter(isScratchName), [], 'working state was left behind');
});
