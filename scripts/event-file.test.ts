// Proves what a person meets who runs a data file: a bad row ends the command with code 2 before anything runs, passed over it is said
// in the plan and kept in the results, and a run that was interrupted goes on from anywhere, but not with a file that changed.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { commandLinesIn } from './asked-for-tests.ts';
import { writeHeld } from './held-for-tests.ts';

const PROGRAM = fileURLToPath(new URL('./brief-for-tests.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'statebench-event-file-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));
const elsewhere = path.join(folder, 'elsewhere');
mkdirSync(elsewhere);

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], cwd = folder): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { cwd }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
  });
}

const ask = commandLinesIn(folder);
const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
const clicks = (last: string): string =>
  `ts,user,amount\n${Array.from({ length: 500 }, (_, i) => `${i * 100},user-${i % 7},${i}\n`).join('')}${last}`;
const WORKLOAD = 'file=clicks.csv,time=ts,key=user,value=amount';

test('a bad row, a missing column and a missing file are told before anything runs', async (t) => {
  write('bad.csv', clicks('50000,user-1,much\n'));
  for (const [spec, message] of [
    [
      'file=bad.csv,time=ts,key=user,value=amount',
      /bad\.csv, line 502: column 'amount' should be a number.*, and is 'much'\. .*skipBad=true/,
    ],
    ['file=bad.csv,time=ts,key=users', /has no column 'users' for key; it has: ts, user, amount\. Did you mean key=user\?/],
    ['file=none.csv,time=ts,key=user', /cannot read .*none\.csv/],
    ['file=bad.csv,time=ts', /option 'key' is needed/],
  ] as const) {
    const ended = await ask(['run', '--workload', `event-file:${spec}`, '--backend', 'memory', '--out', 'never']);
    t.is(ended.code, 2, ended.stderr);
    t.regex(ended.stderr, message);
    t.is(ended.stderr.trim().split('\n').length, 1, 'nothing else is said');
    t.false(existsSync(path.join(folder, 'never')));
  }
  const passed = [
    'run',
    '--workload',
    'event-file:file=bad.csv,time=ts,key=user,value=amount,skipBad=true',
    '--backend',
    'memory',
    '--dry-run',
  ];
  t.regex((await ask(passed)).stderr, /! event-file passes over 1 bad row of bad\.csv/);
  const { settings } = JSON.parse((await ask([...passed, '--json'])).stdout).cells[0].workload;
  t.like(settings, { file: 'bad.csv', events: 500, skipped: 1 });
});

test('an interrupted run goes on from anywhere, but not with a file that changed', async (t) => {
  write('clicks.csv', clicks(''));
  const out = path.join(folder, 'run');
  const held = writeHeld(path.join(folder, 'held.mjs'));
  const backends = ['--backend', held, '--backend', `${held}@again`];
  const args = ['run', '--workload', `event-file:${WORKLOAD}`, ...backends, '--profile', 'smoke', '--out', out, '--plain'];
  const env = { ...process.env, HOLD: path.join(out, 'trials.ndjson') };
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close');
  let said = '';
  for await (const words of child.stderr) {
    said += words;
    if (/^1\/2 /m.test(said)) child.kill('SIGKILL');
  }
  await closed;
  t.is(child.signalCode, 'SIGKILL', said);

  write('clicks.csv', clicks('').replace('user-1', 'user-2'));
  const refused = await run(['resume', out], elsewhere);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /clicks\.csv is not what it was: its SHA-256 is [0-9a-f]{64}, and was [0-9a-f]{64}\. Put the old file back/);

  write('clicks.csv', clicks(''));
  const resumed = await run(['resume', out, '--plain'], elsewhere);
  t.is(resumed.code, 0, resumed.stderr);
  t.regex(resumed.stderr, /^2\/2 .*output right$/m);
});
