// Proves that addresses sort by window then key, that windows survive their encoding, and that widths are checked.
import test from 'ava';
import { checkTables, decodeWindow, encodeWindow, keyHash, StateBatch, slotHash, windowHash } from './contract.ts';

const EDGES = [
  Number.MIN_SAFE_INTEGER,
  -(2 ** 32) - 1,
  -(2 ** 32),
  -(2 ** 31),
  -1,
  0,
  1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
];

test('a window survives its encoding, and encodings sort as the numbers do', (t) => {
  const encoded = EDGES.map(encodeWindow);
  t.deepEqual(
    encoded.map((bytes) => decodeWindow(bytes)),
    EDGES,
  );
  t.deepEqual([...encoded].reverse().sort(Buffer.compare), encoded);
});

test('a batch writes the same address bytes as encodeWindow', (t) => {
  const batch = new StateBatch(EDGES.length, { keyBytes: 4, valueBytes: 3 });
  batch.clear();
  for (const window of EDGES) batch.keys[batch.push(window)]!.write('abcd');
  for (const [slot, window] of EDGES.entries()) {
    t.deepEqual(batch.addresses[slot]!.subarray(0, 8), encodeWindow(window));
    t.is(batch.addresses[slot]!.toString('latin1', 8), 'abcd');
  }
  t.throws(() => batch.push(0), { instanceOf: RangeError });
});

test('pushAddress takes window and key from longer rows too', (t) => {
  const batch = new StateBatch(1, { keyBytes: 4, valueBytes: 0 });
  batch.clear();
  const slot = batch.pushAddress(Buffer.concat([encodeWindow(-5), Buffer.from('wxyz sequence')]));
  t.is(batch.windows[slot], -5);
  t.is(batch.keys[slot]!.toString(), 'wxyz');
});

test('hashes spread keys and windows over few bits', (t) => {
  const words = new Uint32Array(2);
  const buckets = new Uint32Array(1024);
  for (let key = 0; key < 1024; key++) {
    words[0] = key;
    for (let window = 0; window < 64; window++) buckets[slotHash(keyHash(words, 0, 2), windowHash(window * 3_600_000)) & 1023]!++;
  }
  t.true(
    buckets.every((count) => count > 20 && count < 120),
    `fullest ${Math.max(...buckets)}, emptiest ${Math.min(...buckets)} of 64`,
  );
});

test('fills are never shared', (t) => {
  const [a, b] = [new StateBatch(1, { keyBytes: 4, valueBytes: 8 }), new StateBatch(1, { keyBytes: 4, valueBytes: 8 })];
  a.clear();
  b.clear();
  t.not(a.fill, b.fill);
});

test('impossible tables and windows are refused by name', (t) => {
  const spec = { name: 't', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 8 } as const;
  t.throws(() => checkTables([spec, spec]), { message: /two tables/ });
  t.throws(() => checkTables([{ ...spec, keyBytes: 6 }]), { message: /multiple of 4/ });
  t.throws(() => checkTables([{ ...spec, groupBytes: 9 }]), { message: /groupBytes/ });
  t.throws(() => checkTables([{ ...spec, name: '../t' }]), { message: /name/ });
  t.throws(() => new StateBatch(1, spec).push(0.5), { message: /safe integer/ });
});
