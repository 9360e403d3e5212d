// Proves that a run that was interrupted, once or several times and however, ends with the set of trials of a run that was not:
// the same ids, the same work in each cell; that what changed in between is refused by name; and that no password is kept.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { builtInFile } from '../harness/modules.ts';
import { thisProcess } from '../harness/process-identity.ts';
import type { Trial } from '../harness/results.ts';
import { MARKER } from '../harness/scratch.ts';
import { readResults } from '../reports/read-results.ts';
import { commandLinesIn } from './asked-for-tests.ts';
import { HELD_BACKEND, writeHeld } from './held-for-tests.ts';

const PROGRAM = fileURLToPath(new URL('./brief-for-tests.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'statebench-resume-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  said(text: RegExp): Promise<void>;
}

function startWith(environment: Readonly<Record<string, string>>, ...args: readonly string[]): Started {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const ended = new Promise<Ended>((resolve) => child.once('close', (code, signal) => resolve({ code: signal ?? code, stdout, stderr })));
  const said = async (text: RegExp): Promise<void> => {
    while (!text.test(stderr) && child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { child, ended, said };
}

const start = (...args: readonly string[]): Started => startWith({}, ...args);
/** Starts a run whose backends hold once `file` is not empty; with `trials.ndjson`, once a trial is finished. */
const startHeld = (file: string, ...args: readonly string[]): Started => startWith({ HOLD: file }, ...args);
const trialsIn = (out: string): string => path.join(at(out), 'trials.ndjson');
const run = (...args: readonly string[]): Promise<Ended> => start(...args).ended;
const ask = commandLinesIn(folder);
const at = (name: string): string => path.join(folder, name);
const WORKLOAD = 'synthetic:keys=300,ratePerSecond=3000';
/** Slow on purpose: the fewer events a trial of a second takes, the sooner the independent answer is there. */
const BATCH_SIZE = '1';
const smoke = (out: string, ...more: readonly string[]) => [
  ...['run', '--profile', 'smoke', '--workload', WORKLOAD, '--out', at(out)],
  ...(more.includes('--batch-size') ? [] : ['--batch-size', BATCH_SIZE]),
  ...more,
];

const HELD = writeHeld(at('held.mjs'));

/** A run of three cells that was killed once its first trial was finished; what it leaves is copied by most tests. */
async function killedRun(out: string): Promise<void> {
  const backends = [HELD, `${HELD}@again`, `${HELD}@third`].flatMap((backend) => ['--backend', backend]);
  const { child, ended, said } = startHeld(trialsIn(out), ...smoke(out, ...backends));
  await said(/^1\/3 /m);
  child.kill('SIGKILL');
  await ended;
}

const killed = killedRun('killed');

async function copyOfKilled(name: string): Promise<string> {
  await killed;
  cpSync(at('killed'), at(name), { recursive: true });
  return at(name);
}

const sizeOf = (trial: Trial): string => (trial.state === 'completed' ? `${trial.cell}: ${trial.events.total}` : `${trial.cell}: failed`);

function sizesIn(results: string): Readonly<Record<string, number>> {
  return JSON.parse(readFileSync(path.join(results, 'sizes.json'), 'utf8')).eventsPerSecond;
}

test('after a SIGKILL, a torn line and an interruption the trials are those of a run that was left alone', async (t) => {
  const results = await copyOfKilled('whole');
  t.true(existsSync(path.join(results, 'run.lock')), 'the killed process could not unlock');
  const sizes = sizesIn(results);
  t.is(Object.keys(sizes).length, 3);
  const first = readFileSync(path.join(results, 'trials.ndjson'), 'utf8');
  appendFileSync(path.join(results, 'trials.ndjson'), first.slice(0, first.length >> 1).trimEnd());

  const interrupted = startHeld(trialsIn('whole'), 'resume', results);
  await interrupted.said(/going on/);
  interrupted.child.kill('SIGINT');
  const stopped = await interrupted.ended;
  t.is(stopped.code, 130, stopped.stderr);
  t.regex(stopped.stderr, /Partial: 1 of 3 trials are finished\. Go on with statebench resume/);
  t.regex(readFileSync(path.join(results, 'report.html'), 'utf8'), /<p class="banner" role="alert">Partial: 1 of 3 trials/);
  t.regex(JSON.parse(readFileSync(path.join(results, 'summary.json'), 'utf8')).caveats[0], /^Partial/);
  t.deepEqual(sizesIn(results), sizes, 'nothing is calibrated again');

  const ended = await run('resume', results, '--json');
  t.is(ended.code, 0, ended.stderr);
  t.deepEqual(JSON.parse(ended.stdout), JSON.parse(readFileSync(path.join(results, 'summary.json'), 'utf8')));
  const { plan, trials, tornLines } = await readResults(results);
  t.is(tornLines, 0);
  t.deepEqual(trials.map(({ id }) => id).sort(), plan.cells.map(({ id }) => `${id}#1`).sort());
  t.true(readFileSync(path.join(results, 'trials.ndjson'), 'utf8').startsWith(first), 'what was finished stays as it was');
  t.true(trials.every((trial) => trial.state === 'completed' && trial.correctness.recovered?.equal === true));
  t.deepEqual(readdirSync(results).sort(), ['environment.json', 'plan.json', 'report.html', 'summary.json', 'trials.ndjson']);

  const again = await run('resume', results);
  t.is(again.code, 0);
  t.regex(again.stderr, /this run is complete: 3 of 3 trials/);
});

test('every trial of a cell is the same work, also after the resume', async (t) => {
  const out = at('blocks');
  const { child, ended, said } = startHeld(
    trialsIn('blocks'),
    ...['run', '--profile', 'quick', '--workload', WORKLOAD, '--backend', HELD, '--batch-size', BATCH_SIZE, '--out', out],
  );
  // Three blocks of the backend and of its twin, which has the same size.
  await said(/^1\/6 /m);
  child.kill('SIGINT');
  t.is((await ended).code, 130);
  const sizes = sizesIn(out);
  const cell = Object.keys(sizes)[0]!;
  // The machine is found slower from now on: a resume that calibrated again would choose another size.
  const results = await run('resume', out);
  t.is(results.code, 0, results.stderr);
  const { trials } = await readResults(out);
  t.is(trials.filter(({ supersedes }) => supersedes === undefined).length, 6);
  const totals = trials.map((trial) => (trial.state === 'completed' ? trial.events.total : null));
  t.is(new Set(totals).size, 1, `${cell}: ${trials.map(sizeOf)}`);
});

async function refused(t: ExecutionContext, results: string, message: RegExp, code = 2): Promise<void> {
  const before = existsSync(path.join(results, 'trials.ndjson')) ? readFileSync(path.join(results, 'trials.ndjson')) : null;
  const ended = await ask(['resume', results]);
  t.is(ended.code, code, ended.stderr);
  t.regex(ended.stderr, message);
  t.notRegex(ended.stderr, /^ {4}at /m, 'a stack');
  if (before !== null) t.deepEqual(readFileSync(path.join(results, 'trials.ndjson')), before, 'nothing was changed');
}

function edit(results: string, file: string, change: (text: string) => string): void {
  const name = path.join(results, file);
  writeFileSync(name, change(readFileSync(name, 'utf8')));
}

const REFUSED: Readonly<Record<string, readonly [(results: string) => void, RegExp]>> = {
  'an edited plan': [
    (r) => edit(r, 'plan.json', (text) => text.replace('"seed": 1', '"seed": 2')),
    /plan\.json was changed since the run began/,
  ],
  'a later schema': [
    (r) => edit(r, 'plan.json', (text) => text.replace('"schema": 1', '"schema": 9')),
    /schema 9; this Statebench reads up to 1: update/,
  ],
  'a plan that is not JSON': [(r) => edit(r, 'plan.json', (text) => text.slice(0, 99)), /plan\.json: not JSON/],
  'another CPU': [
    (r) => edit(r, 'environment.json', (text) => text.replace(/"cpu": ".*"/, '"cpu": "Z80"')),
    /another CPU \(Z80; here: .*Resume it where it began/,
  ],
  'another number of cores': [
    (r) => edit(r, 'environment.json', (text) => text.replace(/"cores": \d+/, '"cores": 999')),
    /another number of cores \(999;/,
  ],
  'less memory': [
    (r) => edit(r, 'environment.json', (text) => text.replace(/"memoryBytes": \d+/, '"memoryBytes": 1000000')),
    /another size of memory/,
  ],
  'another major Node': [
    (r) => edit(r, 'environment.json', (text) => text.replace(/"node": "\d+/, '"node": "18')),
    /another major version of Node \(18;/,
  ],
  'another statebench': [
    (r) => edit(r, 'environment.json', (text) => text.replace(/"statebench": ".*?"/, '"statebench": "0.0.1"')),
    /another version of statebench \(0\.0\.1;/,
  ],
  'trials of another run': [
    (r) => edit(r, 'trials.ndjson', (text) => text.replaceAll('"cell":"', '"cell":"x')),
    /trials\.ndjson line 1: cell .* is not in plan\.json/,
  ],
  'a damaged trial amid others': [(r) => edit(r, 'trials.ndjson', (text) => `{"schema":1\n${text}`), /trials\.ndjson line 1: not JSON/],
  'sizes that are no sizes': [(r) => edit(r, 'sizes.json', () => '{}'), /sizes\.json: .*begin the run anew/],
  'no notes of the modules': [(r) => rmSync(path.join(r, 'resume.json')), /resume\.json is not there.*begin anew/],
  'damaged notes of the modules': [(r) => edit(r, 'resume.json', () => 'x'), /resume\.json cannot be read \(.*begin anew/],
  'a lock that is none of ours': [(r) => writeFileSync(path.join(r, 'run.lock'), 'mine'), /run\.lock is no lock of ours/],
  'a lock of another machine': [
    (r) => writeFileSync(path.join(r, 'run.lock'), '{"pid":1,"startTicks":1,"host":"elsewhere.example"}'),
    /elsewhere\.example.*if it does no more, remove/,
  ],
};
for (const [name, [spoil, message]] of Object.entries(REFUSED)) {
  test.serial(`refused: ${name}`, async (t) => {
    const results = await copyOfKilled(`refused ${name}`);
    spoil(results);
    await refused(t, results, message);
  });
}

test('refused: a folder of something else, no folder, a file', async (t) => {
  mkdirSync(at('foreign'));
  writeFileSync(path.join(at('foreign'), 'holiday.jpg'), 'x');
  await refused(t, at('foreign'), /cannot read plan\.json in .*foreign: it is not there; name the folder a run wrote/);
  t.deepEqual(readdirSync(at('foreign')), ['holiday.jpg']);
  await refused(t, at('nowhere'), /cannot read plan\.json/);
  writeFileSync(at('file'), '');
  await refused(t, at('file'), /cannot read plan\.json/);
});

test('a module that changed, or went, is refused', async (t) => {
  const file = at('mine.mjs');
  writeHeld(file);
  const out = 'of-mine';
  const { child, ended, said } = startHeld(trialsIn(out), ...smoke(out, '--backend', file, '--backend', `${file}@again`));
  await said(/^1\/2 /m);
  child.kill('SIGINT');
  t.is((await ended).code, 130);
  writeFileSync(file, `${HELD_BACKEND} // now faster`);
  await refused(t, at(out), /backend 'mine': .*mine\.mjs was changed since the run began/);
  rmSync(file);
  await refused(t, at(out), /backend 'mine': .*mine\.mjs is not there any more/);
  writeHeld(file);
  const resumed = await run('resume', at(out));
  t.is(resumed.code, 0, resumed.stderr);
});

test('one process at a time', async (t) => {
  const results = await copyOfKilled('twice');
  const first = startHeld(trialsIn('twice'), 'resume', results);
  await first.said(/going on/);
  await refused(t, results, /another statebench \(process \d+\) works on it/);
  const third = await run(...smoke('twice', '--backend', 'memory'));
  t.is(third.code, 2);
  t.regex(third.stderr, /it holds a run, which 'statebench resume'/);
  first.child.kill('SIGINT');
  await first.ended;
  t.false(existsSync(path.join(results, 'run.lock')));

  const both = await Promise.all([run(...smoke('race', '--backend', 'memory')), run(...smoke('race', '--backend', 'memory'))]);
  t.deepEqual(both.map(({ code }) => code).sort(), [0, 2], both.map(({ stderr }) => stderr).join('\n'));
});

test('what a killed run left is swept by the next one in that folder, and nothing else', async (t) => {
  const { child, ended, said } = startHeld(HELD, ...smoke('swept', '--backend', HELD));
  await said(/results /);
  child.kill('SIGKILL');
  await ended;
  rmSync(path.join(at('swept'), 'plan.json'), { force: true });
  for (const name of ['environment.json', 'resume.json', 'sizes.json', 'trials.ndjson'])
    rmSync(path.join(at('swept'), name), { force: true });
  const foreign = path.join(at('swept'), 'statebench-work-1-abcdef');
  mkdirSync(foreign);
  writeFileSync(path.join(foreign, 'precious'), '');
  const next = await run(...smoke('swept', '--backend', 'memory'));
  t.is(next.code, 0, next.stderr);
  t.deepEqual(
    readdirSync(at('swept')).filter((name) => name.startsWith('statebench-')),
    [path.basename(foreign)],
    'it has no marker of ours',
  );
  t.true(existsSync(path.join(foreign, 'precious')));
});

test('a backend that was asked for and is missed is missed by the resume too', async (t) => {
  const nothing = { PATH: at('nowhere') };
  const held = { ...nothing, HOLD: trialsIn('missed') };
  const asked = startWith(held, ...smoke('missed', '--backend', 'redis', '--backend', HELD, '--backend', `${HELD}@again`));
  await asked.said(/^1\/2 /m);
  asked.child.kill('SIGKILL');
  await asked.ended;
  const resumed = await startWith(nothing, 'resume', at('missed')).ended;
  t.is(resumed.code, 3, resumed.stderr);
  t.regex(resumed.stderr, /redis/);
  // What is left of a process that died once all trials were there is tidied.
  const left = path.join(at('missed'), 'statebench-work-1-abcdef');
  mkdirSync(left);
  writeFileSync(path.join(left, MARKER), JSON.stringify({ ...thisProcess(), pid: asked.child.pid, startTicks: 1 }));
  writeFileSync(path.join(at('missed'), 'run.lock'), JSON.stringify({ ...thisProcess(), pid: asked.child.pid, startTicks: 1 }));
  const again = await run('resume', at('missed'));
  t.is(again.code, 3, again.stderr);
  t.regex(again.stderr, /this run is complete: 2 of 2 trials/);
  t.deepEqual(readdirSync(at('missed')).sort(), ['environment.json', 'plan.json', 'report.html', 'summary.json', 'trials.ndjson']);
});

test('no password is kept, and a resume asks for it', async (t) => {
  const secret = 'swordfish,1@2';
  const url = `redis://:${secret.replace('@', '%40').replace(',', '%2C')}@127.0.0.1:1`;
  const hidden = /swordfish/;
  const ended = await run(...smoke('secret', '--backend', `redis:url=${url}`, '--backend', `redis@bare:${url}`));
  t.is(ended.code, 3, ended.stderr);
  t.notRegex(ended.stderr, hidden);
  const everything = readdirSync(at('secret')).map((name) => readFileSync(path.join(at('secret'), name), 'utf8'));
  for (const text of everything) t.notRegex(text, hidden);
  t.true(
    everything.some((text) => text.includes('redis:url=redis://:***@127.0.0.1:1')),
    'the command is shown, masked',
  );

  const asked = smoke('secret2', '--backend', `redis:url=${url}`, '--backend', HELD);
  const { child, ended: stopped, said } = startHeld(trialsIn('secret2'), ...asked);
  await said(/did not finish/);
  child.kill('SIGKILL');
  await stopped;
  for (const name of readdirSync(at('secret2')).filter((file) => /\.(json|ndjson|lock)$/.test(file))) {
    t.notRegex(readFileSync(path.join(at('secret2'), name), 'utf8'), hidden, name);
  }
  await refused(t, at('secret2'), /backend 'redis' needs a password.*--backend 'redis:url=redis:\/\/:\*\*\*@127\.0\.0\.1:1'/);
  const other = await ask(['resume', at('secret2'), '--backend', `redis:url=${url},timeoutMs=77`]);
  t.is(other.code, 2);
  t.regex(other.stderr, /was given other options/);
  t.notRegex(other.stderr, hidden);
  t.is((await ask(['resume', at('secret2'), '--backend', 'lmdb'])).code, 2);
  const resumed = await run('resume', at('secret2'), '--backend', `redis:url=${url}`);
  t.is(resumed.code, 3, resumed.stderr);
  t.is((await readResults(at('secret2'))).trials.length, 2);
});

if (process.getuid?.() === 0 && process.platform === 'linux') {
  test('a full disk ends a run with what there is, and a resume goes on; a read-only one is told before', async (t) => {
    const mount = at('disk');
    const remount = (options: string) => execFileSync('mount', ['-o', `remount,${options}`, mount], { stdio: 'pipe' });
    mkdirSync(mount);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=530m', 'none', mount], { stdio: 'pipe' });
    } catch (error) {
      t.log(`not tested: nothing can be mounted here (${error})`);
      t.pass();
      return;
    }
    try {
      // Once told to, it fills the disk outside of its own directory, so that there is no room even for the trial that says so.
      const backend = at('fills.mjs');
      writeFileSync(
        backend,
        `import memory, { options } from ${JSON.stringify(builtInFile('backend', 'memory'))}; export { options };
        import { existsSync, openSync, statSync, writeSync } from 'node:fs';
        const isFirst = () => (statSync(${JSON.stringify(trialsIn(path.join('disk', 'out')))}, { throwIfNoEntry: false })?.size ?? 0) === 0;
        const isThere = (name) => existsSync(${JSON.stringify(folder)} + '/' + name);
        export default (given) => ({ ...memory(given), name: 'fills', async open(request) {
          while (!isFirst() && !isThere('go') && !isThere('room')) await new Promise((resolve) => setTimeout(resolve, 10));
          if (!isThere('go')) return memory(given).open(request);
          const filler = openSync(${JSON.stringify(path.join(mount, 'filler'))}, 'a');
          for (let bytes = 1 << 20; bytes >= 1; bytes >>= 1) try { for (;;) writeSync(filler, Buffer.alloc(bytes)); } catch {}
          throw new Error('on purpose '.repeat(100_000));
        } });`,
      );
      const out = path.join('disk', 'out');
      const { ended, said } = start(...smoke(out, '--backend', backend, '--batch-size', '3,2,1'));
      await said(/^1\/3 /m);
      writeFileSync(at('go'), '');
      const full = await ended;
      t.is(full.code, 1, full.stderr);
      t.regex(full.stderr, /the disk is full\. Make space there; 1 of 3 trials are kept\. Then: statebench resume/);
      t.notRegex(full.stderr, /This should not happen/);
      const kept = readFileSync(path.join(at(out), 'trials.ndjson'), 'utf8');
      t.true(kept.endsWith('\n'), 'nothing is torn');
      await refused(t, at(out), /results folder .*(cannot be written to|are free there)/);
      writeFileSync(at('room'), '');
      rmSync(at('go'));
      rmSync(path.join(mount, 'filler'));
      remount('ro');
      await refused(t, at(out), /results folder .*cannot be written to \(.*EROFS/);
      const fresh = await run(...smoke(path.join('disk', 'fresh'), '--backend', 'memory'));
      t.is(fresh.code, 2);
      t.regex(fresh.stderr, /cannot be written to/);
      remount('rw');
      const resumed = await run('resume', at(out));
      t.is(resumed.code, 0, resumed.stderr);
      t.is((await readResults(at(out))).trials.length, 3);
      t.true(readFileSync(path.join(at(out), 'trials.ndjson'), 'utf8').startsWith(kept));

      const report = readFileSync(path.join(at(out), 'report.html'), 'utf8');
      execFileSync('sh', ['-c', 'cat /dev/zero > filler 2>/dev/null || true'], { cwd: mount, stdio: 'pipe' });
      const drawn = await run('report', at(out));
      t.is(drawn.code, 1, drawn.stderr);
      t.regex(drawn.stderr, /cannot write .*report\.html: the disk is full\. Make space there/);
      t.is(readFileSync(path.join(at(out), 'report.html'), 'utf8'), report, 'the report there was is kept');
    } finally {
      execFileSync('umount', ['-l', mount]);
    }
  });
} else {
  test('not tested: a full disk, which only root can mount', (t) => t.pass());
}
