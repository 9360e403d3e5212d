// Proves that each planted mistake is caught, and by what it does: a self-test that cannot fail is none.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { SELF_CHECKS } from './selftest.ts';

const SEEN: Readonly<Record<string, RegExp>> = {
  'a right backend, killed once, is not complained of': /^every row is right$/,
  'a backend that answers wrongly': /the output differs/,
  'a backend that loses writes': /the output differs/,
  'a backend that cuts payloads': /the output differs/,
  'a torn checkpoint': /1 checkpoints were damaged/,
};

test('every check has its reason', (t) => {
  t.deepEqual(
    SELF_CHECKS.map(({ name }) => name),
    Object.keys(SEEN),
  );
});

for (const check of SELF_CHECKS) {
  test(check.name, async (t) => {
    const root = await mkdtemp(join(tmpdir(), 'statebench-selftest-test-'));
    t.teardown(() => rm(root, { recursive: true, force: true }));
    const { passed, seen } = await check.run({ directory: join(root, 'run'), signal: new AbortController().signal });
    t.true(passed, seen);
    t.regex(seen, SEEN[check.name]!);
  });
}
