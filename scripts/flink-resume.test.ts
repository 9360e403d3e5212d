// Proves that a run with Flink whose supervisor is killed leaves no Java process behind, and that it is resumed to the end on a cluster anew.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readResults } from '../reports/read-results.ts';
import { installationOf } from './servers/cache.ts';

const PROGRAM = fileURLToPath(new URL('./statebench.js', import.meta.url));
const GONE_MS = 60_000;
const folder = mkdtempSync(path.join(tmpdir(), 'statebench-flink-resume-'));
const temporary = path.join(folder, 'tmp');
mkdirSync(temporary);
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  child.stdout.resume();
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => child.once('close', (code) => resolve({ code, stderr })));
  return { child, ended, said: (text: RegExp): boolean => text.test(stderr) };
}

/** Java processes whose files are in our folder. */
function virtualMachines(): readonly number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return path.basename(words[0] ?? '') === 'java' && words.some((word) => word.includes(temporary)) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}

const isInstalled = installationOf('flink').state === 'whole';
const register = isInstalled || process.env.CI ? test.serial : test.serial.skip;

register('a run that is killed amid a trial on Flink leaves no process, and is resumed', async (t) => {
  const out = path.join(folder, 'out');
  const backends = ['--backend', 'flink:hashmap', '--backend', 'memory'];
  const killed = start('run', '--profile', 'smoke', '--workload', 'flights-delays', '--plain', '--out', out, ...backends);
  while (!killed.said(/^1\/2 /m) && killed.child.exitCode === null) await pause(10);
  t.is(killed.child.exitCode, null);
  t.is(virtualMachines().length, 4, 'a JobManager, a gateway and two TaskManagers');
  killed.child.kill('SIGKILL');
  await killed.ended;
  for (const deadline = performance.now() + GONE_MS; virtualMachines().length > 0 && performance.now() < deadline; ) await pause(50);
  t.deepEqual(virtualMachines(), []);

  const { code, stderr } = await start('resume', out, '--plain').ended;
  t.is(code, 0, stderr);
  t.deepEqual(virtualMachines(), []);
  const { trials } = await readResults(out);
  t.deepEqual(trials.map(({ backend, state }) => `${backend.name} ${state}`).sort(), ['flink:hashmap completed', 'memory completed']);
  t.true(trials.every((trial) => trial.state === 'completed' && trial.correctness.recovered?.equal === true));
  t.deepEqual(readdirSync(temporary), [], 'what the killed run left is swept');
});
