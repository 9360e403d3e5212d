// Proves that durations do not come from the wall clock: one that is set back by an hour during a trial leaves the trial as it is.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { clockCheck } from './clock-check.ts';

test(clockCheck.name, async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'statebench-clock-check-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const now = Date;
  const { passed, seen } = await clockCheck.run({ directory: join(root, 'run'), signal: new AbortController().signal });
  t.true(passed, seen);
  t.is(Date, now, 'the clock is put back');
});
