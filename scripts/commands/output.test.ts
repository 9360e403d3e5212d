// Proves that `output` refuses kills and faults that never happen, says that it compared nothing, and with --check compares every row.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { FAIL_VARIABLE } from '../../backends/checkpoints/fail-points.ts';
import { builtInFile } from '../../harness/modules.ts';
import { compareLines } from '../../harness/trial/check-rows.ts';
import { commandLinesIn } from '../asked-for-tests.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'statebench-output-command-'));
test.after.always('remove the folder of the outputs', () => rm(folder, { recursive: true, force: true }));
const ask = commandLinesIn(folder);
// Each has a process of its own, with the environment at its first command line.
const askMissed = commandLinesIn(folder);
const askReached = commandLinesIn(folder);

function output(to: string, backend: string, ...more: readonly string[]) {
  return ask(['output', '--workload', 'synthetic:events=2000,keys=50', '--backend', backend, '--to', to, ...more]);
}

for (const more of [
  ['--kill-after', '80000'],
  ['--kill-after', '500', '--kill-after', '80000'],
  ['--kill-after', '80000', '--parallelism', '2'],
]) {
  test(`refuses a kill beyond the end of the stream: ${more.join(' ')}`, async (t) => {
    const to = `refused-${more.length}-${more[2]?.length ?? 0}.csv`;
    const { code, stderr } = await output(to, 'memory', '--checkpoint-every', '400', ...more);
    t.is(code, 2, stderr);
    t.regex(stderr, /--kill-after 80000 never happens: the stream has 2,000 events; give at most 2000/);
    t.false(existsSync(path.join(folder, to)), 'no CSV claims to have survived');
  });
}

test('takes kills at the first checkpoint and at the last event of the stream', async (t) => {
  const kills = ['--checkpoint-every', '400', '--kill-after', '400', '--kill-after', '2000'];
  const { code, stderr } = await output('last.csv', 'memory', ...kills, '--check');
  t.is(code, 0, stderr);
  t.regex(stderr, /[1-9]\d* rows equal the oracle's/);
});

test('refuses a kill before the first checkpoint, with the interval that it needs', async (t) => {
  const { code, stderr } = await output('early.csv', 'memory', '--checkpoint-every', '400', '--kill-after', '300', '--kill-after', '2000');
  t.is(code, 2, stderr);
  t.regex(stderr, /--kill-after 300 comes before the first checkpoint, at event 400.*--checkpoint-every 300 or less/);
  t.false(existsSync(path.join(folder, 'early.csv')));
});

test('cuts checkpoints often enough for the first kill where no interval is given', async (t) => {
  const { code, stderr } = await output('often.csv', 'memory', '--kill-after', '301', '--check');
  t.is(code, 0, stderr);
  t.regex(stderr, /a checkpoint is cut every 150 events/);
});

test('says that the rows were not compared; --check compares them and counts them', async (t) => {
  const plain = await output('plain.csv', 'memory');
  t.is(plain.code, 0, plain.stderr);
  t.regex(plain.stderr, /not compared with the oracle; --check compares them/);
  const checked = await output('checked.csv', 'memory', '--check');
  t.is(checked.code, 0, checked.stderr);
  t.regex(checked.stderr, /[1-9]\d* rows equal the oracle's/);
  t.notRegex(checked.stderr, /not compared/);
});

test('--check exits 3 for a store that answers wrongly, with the number of rows and the first difference', async (t) => {
  const { code, stderr } = await output('wrong.csv', `${builtInFile('backend', 'canaries')}:canary=first-write-wins`, '--check');
  t.is(code, 3, stderr);
  t.regex(stderr, /differs from the oracle: [1-9]\d* of the oracle's [1-9]\d* rows are missing/);
  t.regex(stderr, /first difference, row \d+: got \S+, expected \S+/);
});

test('--check exits 3 and says unchecked where there are no rows to compare', async (t) => {
  const args = ['output', '--workload', 'interval-join:events=1', '--backend', 'memory', '--to', 'none.csv', '--check'];
  const { code, stderr } = await ask(args);
  t.is(code, 3, stderr);
  t.regex(stderr, /none\.csv is unchecked/);
});

test.serial('reports an armed fault that no process reached, and none that happened', async (t) => {
  process.env[FAIL_VARIABLE] = 'after-rename:exit:99';
  const args = ['output', '--workload', 'synthetic:events=2000,keys=50', '--backend', 'memory', '--checkpoint-every', '400', '--to'];
  const missed = await askMissed([...args, 'missed.csv']);
  t.is(missed.code, 2, missed.stderr);
  t.regex(missed.stderr, /STATEBENCH_FAIL=after-rename:exit:99 never happened/);
  process.env[FAIL_VARIABLE] = 'after-rename:exit';
  const reached = await askReached([...args, 'reached.csv']);
  t.not(reached.code, 0);
  t.notRegex(reached.stderr, /never happened/);
  delete process.env[FAIL_VARIABLE];
});

test('compares lines as a multiset and names the first difference', (t) => {
  t.deepEqual(compareLines(['a', 'b', 'c'], ['a', 'c', 'c'], 3), {
    rows: 3,
    missing: 1,
    extra: 1,
    first: { row: 2, expected: 'b', got: 'c' },
  });
  t.deepEqual(compareLines(['a'], [], 1), { rows: 1, missing: 1, extra: 0, first: { row: 1, expected: 'a', got: null } });
  t.is(compareLines([], [], 0).first, null);
});
