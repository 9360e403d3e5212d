// Proves that a planted stall is seen as what theory says, and that a closed loop would not have seen it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { stallCheck } from './stall-check.ts';

test(stallCheck.name, async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'statebench-stall-check-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const { seen } = await stallCheck.run({ directory: join(root, 'run'), signal: new AbortController().signal });
  // What else a busy machine delays only adds to it.
  const [, found, theory] = /is (\d+) ms, where theory says (\d+)/.exec(seen)!;
  t.is(Number(theory), 996);
  t.true(Number(found) >= 986, seen);
});
