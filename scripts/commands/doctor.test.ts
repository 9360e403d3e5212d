// Proves that the doctor says of the machine and of each backend and storage whether they can be measured with, what to do where they
// cannot, and that a machine on which something else runs is told; and that it ends with 1 where nothing could be measured.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { builtIns } from '../../harness/modules.ts';

const STATEBENCH = fileURLToPath(new URL('../statebench.js', import.meta.url));

interface Finding {
  readonly what: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly remedy: string;
}

/** Without servers that have to be fetched, which take minutes to start, and have tests of their own. */
const env = { ...process.env, STATEBENCH_CACHE: path.join(tmpdir(), 'statebench-doctor-no-cache') };
/** Longer than the doctor takes to begin to watch, on a busy machine too. */
const HOG_MS = 20_000;

function doctor(folder: string): Promise<{ readonly code: number; readonly findings: readonly Finding[] }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [STATEBENCH, 'doctor', folder, '--json'], { env }, (error, stdout) =>
      resolve({ code: error === null ? 0 : Number(error.code), findings: JSON.parse(stdout) }),
    );
  });
}

test.serial('what can be measured with, and what disturbs', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'statebench-doctor-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const hog = spawn(process.execPath, ['-e', `const end = performance.now() + ${HOG_MS}; while (performance.now() < end);`]);
  t.teardown(() => hog.kill('SIGKILL'));
  const { code, findings } = await doctor(folder);
  t.is(code, 0);
  const of = (what: string) => findings.find((finding) => finding.what === what);
  for (const name of builtIns('backend')) t.truthy(of(`backend ${name}`), name);
  for (const name of builtIns('storage')) t.truthy(of(`storage ${name}`), name);
  for (const name of ['memory', 'lmdb', 'level', 'sqlite', 'rocksdb']) t.like(of(`backend ${name}`), { status: 'ok', remedy: '' }, name);
  t.is(of('node')?.status, 'ok');
  t.regex(of('fsync')?.found ?? '', /^\d+\.\d\d ms for 4 KiB/);
  const quiet = of('quiet');
  t.log(quiet?.found);
  t.regex(quiet?.found ?? '', /^cores within <?\d+ % of their usual speed, memory within <?\d+ %/);
  if (process.platform === 'linux') {
    t.is(quiet?.status, 'warn', 'the other that this test started is seen');
    t.regex(quiet?.found ?? '', /other processes \d\d+ % of the cores/);
    t.regex(quiet?.remedy ?? '', /End what else runs on this machine\./);
  }
  for (const { status, what, remedy } of findings) t.is(remedy === '', status === 'ok', what);
});

const linuxTest = process.platform === 'linux' ? test.serial : test.skip;

linuxTest('a folder that cannot be written to', async (t) => {
  const { code, findings } = await doctor('/proc/statebench');
  t.is(code, 1);
  t.deepEqual(
    findings.filter(({ status }) => status === 'fail').map(({ what, remedy }) => [what, remedy]),
    [['fsync', 'Name a folder that can be written to.']],
  );
});
