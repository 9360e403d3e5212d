// Proves that the hash that the oracle computes is the one of the contract, and that it is the same on every machine.
import test from 'ava';
import { addHashes, elementHash } from '../../workloads/contract.ts';
import { seededRandom } from '../random.ts';
import { hashesPayload, hashSum, payloadHash } from './payload-hash.ts';

test('the hash of an event is that of the contract', (t) => {
  const random = seededRandom(11);
  const words = new Uint32Array(64);
  const doubles = new Float64Array(words.buffer);
  let sum = 0;
  let sumHere = 0;
  for (let round = 0; round < 2_000; round++) {
    const width = 1 + (round % 9);
    const at = round % 5;
    for (let i = 0; i < width; i++) {
      words[2 * (at + i)] = random() * 2 ** 32;
      words[2 * (at + i) + 1] = random() * 0x7fe00000; // no NaN
    }
    const right = elementHash(words, 2 * at, width);
    t.is(payloadHash([...doubles.subarray(at, at + width)]), right);
    [sum, sumHere] = [addHashes(sum, right), hashSum(sumHere, right)];
    t.is(sumHere, sum);
  }
});

// Computed by a second program, in Python.
test('hashes are pinned', (t) => {
  t.is(payloadHash([]), 1899841301735037);
  t.is(payloadHash([7]), 1872346309340918);
  t.is(payloadHash([7, 3, 1.5, -0]), 1348677650530151);
});

test('rows whose last column is the payload have its hash', (t) => {
  t.true(hashesPayload(['count', 'median', 'payload']));
  t.false(hashesPayload(['payload', 'count']));
  t.false(hashesPayload([]));
});
