// Proves that every error ends the process with its documented code, and that the nearest right word is found, or none.
import test from 'ava';
import { BackendError } from '../backends/contract.ts';
import { WorkloadError } from '../workloads/contract.ts';
import { EXIT, editDistance, exitCodeOf, messageOf, StatebenchError, suggest, suggestion } from './errors.ts';
import { seededRandom } from './random.ts';

test('exit codes', (t) => {
  t.is(exitCodeOf(new StatebenchError('bad-spec', '')), EXIT.usage);
  t.is(exitCodeOf(new StatebenchError('backend-failed', '')), EXIT.backendFailed);
  t.is(exitCodeOf(new StatebenchError('gate-failed', '')), EXIT.gateFailed);
  t.is(exitCodeOf(new StatebenchError('too-noisy', '')), EXIT.tooNoisy);
  t.is(exitCodeOf(new StatebenchError('interrupted', '')), 130);
  t.is(exitCodeOf(new StatebenchError('terminated', '')), 143);
  t.is(exitCodeOf(new StatebenchError('harness', '')), EXIT.harnessFailure);
  t.is(exitCodeOf(new WorkloadError('missing-data', '')), EXIT.usage);
  t.is(exitCodeOf(new BackendError('unavailable', '')), EXIT.usage);
  t.is(exitCodeOf(Object.assign(new Error('not ours'), { code: 'bad-spec' })), EXIT.harnessFailure);
  t.is(exitCodeOf('a text'), EXIT.harnessFailure);
});

test('a message tells its causes once', (t) => {
  const cause = new Error('the disk is full');
  t.is(messageOf(new Error('cannot write', { cause })), 'cannot write: the disk is full');
  t.is(messageOf(new Error('cannot write: the disk is full', { cause })), 'cannot write: the disk is full');
});

const BACKENDS = ['null', 'memory', 'lmdb', 'level', 'sqlite', 'rocksdb', 'redis'];
for (const [given, meant] of [
  ['rockdb', 'rocksdb'],
  ['rocksbd', 'rocksdb'],
  ['Redis', 'redis'],
  ['lmbd', 'lmdb'],
  ['memroy', 'memory'],
  ['sqlite3', 'sqlite'],
  ['mem', 'memory'],
  ['cassandra', null],
  ['x', null],
  ['', null],
  ['l'.repeat(10_000), null],
] as const) {
  test(`suggest ${given.slice(0, 20)} → ${meant}`, (t) => t.is(suggest(given, BACKENDS), meant));
}

test('without a near word the choice is named', (t) => {
  t.is(suggestion('lmbd', BACKENDS), " Did you mean 'lmdb'?");
  t.is(suggestion('cassandra', ['a', 'b']), ' There is: a, b.');
  t.is(suggestion('cassandra', []), '');
});

test('one slip of the hand is always undone', (t) => {
  const seed = Number(process.env.SEED ?? 7);
  const random = seededRandom(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  for (let round = 0; round < 500; round++) {
    const word = BACKENDS[pick(BACKENDS.length)]!;
    const at = pick(word.length - 1);
    const [head, here, next, tail] = [word.slice(0, at), word[at]!, word[at + 1]!, word.slice(at + 2)];
    const slip = [`${head}${next}${tail}`, `${head}${next}${here}${tail}`, `${head}${here}${here}${next}${tail}`, `${head}#${next}${tail}`][
      pick(4)
    ]!;
    t.true(editDistance(slip, word) <= 1, `SEED=${seed}: ${slip} is not one slip from ${word}`);
    t.is(suggest(slip, BACKENDS), word, `SEED=${seed}: ${slip}`);
  }
});
