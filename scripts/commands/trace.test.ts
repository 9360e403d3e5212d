// Proves `statebench trace` as people and scripts meet it: the real program records, describes and replays, data goes to stdout,
// what is misspelt or damaged is refused with 2 before anything runs, a backend that fails is 3, and Ctrl-C leaves a whole trace.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { commandLinesIn } from '../asked-for-tests.ts';
import { writeHeld } from '../held-for-tests.ts';

const PROGRAM = fileURLToPath(new URL('../statebench.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'statebench-trace-command-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function startWith(
  environment: Readonly<Record<string, string>>,
  ...args: readonly string[]
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, [PROGRAM, 'trace', ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr }))) };
}
const start = (...args: readonly string[]) => startWith({}, ...args);
const trace = (...args: readonly string[]): Promise<Ended> => start(...args).ended;
const ask = commandLinesIn(folder);

test.before('record a trace', async (t) => {
  const recorded = await trace('record', '--workload', 'synthetic:events=4000,keys=90', '--backend', 'memory', '--to', 'run.trace');
  t.is(recorded.code, 0, recorded.stderr);
  t.is(recorded.stdout, '');
  t.regex(recorded.stderr, /^\d+ operations in \d+ calls, by 4000 events to the end of the stream: \S+ \S+, \S+ bytes an operation/);
  t.false(existsSync(path.join(folder, 'run.trace.draft')));
});

test('stats and replay, for people and as JSON', async (t) => {
  const stats = await trace('stats', 'run.trace');
  t.is(stats.code, 0, stats.stderr);
  t.regex(stats.stdout, /stage-1: \d+ operations in \d+ calls\n {2}read .*% found\n/);
  const json = JSON.parse((await trace('stats', 'run.trace', '--json')).stdout);
  t.is(json.header.workload.name, 'synthetic');
  t.is(json.end.events, 4000);
  const text = await trace('replay', 'run.trace', '--backend', 'memory');
  t.is(text.code, 0, text.stderr);
  t.regex(text.stdout, /^memory: \d+ operations in \d+ calls, \d+ operations\/s .*answers as recorded\n/);
  const replayed = await trace('replay', 'run.trace', '--backend', 'lmdb', '--backend', 'null', '--json');
  t.is(replayed.code, 0, replayed.stderr);
  const { backends } = JSON.parse(replayed.stdout);
  t.deepEqual(
    backends.map(({ replayed }: { replayed: { operations: number; verified: boolean } }) => [replayed.operations, replayed.verified]),
    [
      [json.operations, true],
      [json.operations, false],
    ],
  );
});

test('a backend that answers otherwise is 3, and the others go on', async (t) => {
  const forgets = path.join(folder, 'forgets.mjs');
  const memory = new URL('../../backends/memory.js', import.meta.url);
  writeFileSync(
    forgets,
    `import memory, { options } from '${memory}';
     export { options };
     export default (settings) => ({ ...memory(settings), name: 'forgets', async open(request) {
       const store = await memory(settings).open(request);
       return { ...store, value: (name) => {
         const table = store.value(name);
         const bound = { write: (batch) => table.write(batch), scan: (...args) => table.scan(...args), drop: (window) => table.drop(window) };
         return { ...bound, read: (batch) => { table.read(batch); batch.present[0] = 0; } };
       } };
     } });`,
  );
  const { code, stdout, stderr } = await trace('replay', 'run.trace', '--backend', forgets, '--backend', 'memory');
  t.is(code, 3, stderr);
  t.regex(stderr, /^statebench: forgets: call \d+, a read of 'stage-1', .*did not find what the recorded run did/m);
  t.regex(stdout, /^memory: /);
});

test("Gadget's text form", async (t) => {
  writeFileSync(path.join(folder, 'gadget.txt'), '1 put a\n2 gte a\n3 get a\n');
  const refused = await trace('replay', 'gadget.txt', '--backend', 'memory');
  t.is(refused.code, 2);
  t.is(refused.stdout, '');
  t.regex(refused.stderr, /gadget\.txt:2: there is no 'gte'/);
  for (const args of [['stats'], ['replay', '--backend', 'memory']]) {
    const { code, stdout, stderr } = await trace(...args, 'gadget.txt', '--skip-bad', '--json');
    t.is(code, 0, stderr);
    t.regex(stderr, /passed over 1 bad line of gadget\.txt/);
    t.is(JSON.parse(stdout).skippedLines, 1);
  }
});

const RECORD = ['record', '--workload', 'synthetic', '--to', 'never.trace'];
for (const [args, message] of [
  [['recrod'], /unknown command 'recrod'\s+\(Did you mean record\?\)/],
  [[...RECORD, '--backend', 'lmbd'], /there is no backend 'lmbd'\. Did you mean 'lmdb'\?/],
  [[...RECORD, '--backend', 'null'], /finds nothing of what was written/],
  [[...RECORD, '--backend', 'memory', '--event', '5'], /unknown option '--event'\s+\(Did you mean --events\?\)/],
  [['record', '--workload', 'sinthetic', '--backend', 'memory', '--to', 'x'], /Did you mean 'synthetic'\?/],
  [['record', '--workload', 'synthetic', '--backend', 'memory', '--to', 'none/x'], /cannot write none\/x/],
  [['stats', 'none.trace'], /cannot read the trace none\.trace/],
  [['stats', 'torn.trace'], /torn\.trace is torn: it ends amid block \d+ at byte \d+/],
  [['replay', 'torn.trace', '--backend', 'memory'], /is torn/],
  [['replay', 'run.trace', '--backend', 'memroy'], /Did you mean 'memory'\?/],
  [['replay', 'run.trace'], /required option '--backend <spec>'/],
] as const) {
  test(`exit 2 before anything runs: ${args.join(' ')}`, async (t) => {
    if (args.some((arg) => arg === 'torn.trace')) {
      writeFileSync(path.join(folder, 'torn.trace'), readFileSync(path.join(folder, 'run.trace')).subarray(0, -3));
    }
    const { code, stdout, stderr } = await ask(['trace', ...args]);
    t.is(code, 2, stderr);
    t.is(stdout, '');
    t.regex(stderr, message);
    t.false(existsSync(path.join(folder, 'never.trace')));
  });
}

test('Ctrl-C ends a recording with a whole trace of what was, and a replay without an answer', async (t) => {
  const { child, ended } = start('record', '--workload', 'synthetic:events=200000000', '--backend', 'memory', '--to', 'cut.trace');
  const draft = path.join(folder, 'cut.trace.draft');
  while (!existsSync(draft)) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  t.is(code, 130, stderr);
  t.regex(stderr, /written to cut\.trace/);
  const { end } = JSON.parse((await trace('stats', 'cut.trace', '--json')).stdout);
  t.false(end.ended);
  const held = writeHeld(path.join(folder, 'held.mjs'));
  const replaying = startWith({ HOLD: held }, 'replay', 'cut.trace', '--backend', 'sqlite', '--backend', held, '--json');
  await new Promise((resolve) => replaying.child.stderr?.once('data', resolve));
  replaying.child.kill('SIGINT');
  t.is((await replaying.ended).code, 130);
});
