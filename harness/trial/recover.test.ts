// Proves that a kill before the first complete checkpoint is a failed trial whose message says so, with what to do.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { builtInFile, LOCAL_STORAGE } from '../modules.ts';
import { streamPlan } from '../run.ts';
import { runChild } from './child.ts';

test('a job that was killed before its first checkpoint fails as no-checkpoint and names the event', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-recover-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const { result, failure } = await runChild({
    task: {
      kind: 'recover',
      cell: {
        backend: { kind: 'backend', name: 'memory', file: builtInFile('backend', 'memory'), options: {} },
        workload: { kind: 'workload', name: 'synthetic', file: builtInFile('workload', 'synthetic'), options: { keys: 10 } },
        storage: LOCAL_STORAGE,
        batchSize: 100,
        keyGroups: null,
        seed: 1,
        directory,
      },
      stream: streamPlan(10_000),
      replayTo: 321,
      pace: null,
      goesOn: false,
    },
    phase: 'restore',
    timeoutMs: 60_000,
    signal: new AbortController().signal,
  });
  t.is(result, null);
  t.is(failure?.code, 'no-checkpoint');
  t.regex(failure?.message ?? '', /killed at event 321, and no checkpoint was complete by then .* measure with a longer profile/);
});
