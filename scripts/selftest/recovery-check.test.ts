// Proves that the check of the selftest passes on a real run of two equal backends, and that it would see kills that fall at different
// places, or in one part of the checkpoint interval only.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { killPlaceCheck, placeProblem } from './recovery-check.ts';

test('kills at different places, and kills that leave a part out, are seen', (t) => {
  t.is(
    placeProblem([
      [0.9, 0.2, 0.5],
      [0.9, 0.2, 0.5],
    ]),
    null,
  );
  t.regex(
    placeProblem([
      [0.9, 0.2, 0.5],
      [0.9, 0.7, 0.5],
    ]) ?? '',
    /^block 2 killed them at 0\.20 and 0\.70/,
  );
  t.regex(
    placeProblem([
      [0.9, 0.8, 0.5],
      [0.9, 0.8, 0.5],
    ]) ?? '',
    /leave a part of the checkpoint interval out/,
  );
  t.regex(
    placeProblem([
      [0.9, 0.2],
      [0.9, 0.2],
    ]) ?? '',
    /^not every block/,
  );
});

test('two equal backends of a real run die at the same places', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'statebench-recovery-check-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const { passed, seen } = await killPlaceCheck.run({ directory: join(root, 'run'), signal: new AbortController().signal });
  t.true(passed, seen);
});
