// Proves, under a real CPU quota where one can be made, that throttling makes the badge of noise red, and that doctor reports the quota and
// answers in time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { quotaCheck } from './quota-check.ts';
import { makeQuotaGroup, runInGroup } from './quota-group.ts';

const STATEBENCH = fileURLToPath(new URL('../statebench.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'statebench-quota-check-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

test.serial(quotaCheck.name, async (t) => {
  const { passed, seen } = await quotaCheck.run({ directory: folder, signal: new AbortController().signal });
  t.log(seen);
  t.true(passed, seen);
  t.regex(seen, /^red: the CPU quota was used up in \d|^not tried: .{20}/);
});

test.serial('doctor reports the quota, and what it had no time for', async (t) => {
  const group = makeQuotaGroup(0.5);
  if (typeof group === 'string') {
    t.log(group);
    t.regex(group, /control groups?/);
    return;
  }
  using quota = group;
  const doctor = `
    const { execFile } = await import('node:child_process');
    execFile(process.execPath, [${JSON.stringify(STATEBENCH)}, 'doctor', ${JSON.stringify(folder)}, '--json'], (error, stdout) => process.stdout.write(stdout));
  `;
  const findings: { what: string; status: string; found: string }[] = JSON.parse(await runInGroup(quota, doctor));
  t.like(
    findings.find(({ what }) => what === 'cpu quota'),
    { status: 'warn', found: '0.5 CPUs' },
  );
  t.regex(findings.find(({ what }) => what === 'quiet')!.found, /the CPU quota used up in \S+ % of its periods/);
  for (const name of ['memory', 'lmdb']) t.regex(findings.find(({ what }) => what === `backend ${name}`)!.found, /^opens$|^not tried: /);
  t.regex(findings.find(({ what }) => what === 'backend redis')!.found, /^not tried: /);
});
