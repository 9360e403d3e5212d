// Proves that ranges hold exactly the rows of a window or group, up to the largest window and keys of 0xff.
import test from 'ava';
import { encodeWindow } from '../contract.ts';
import { prefixEnd, windowRange } from './address-ranges.ts';

const WINDOWS = [Number.MIN_SAFE_INTEGER, -(2 ** 32), -1, 0, 255, 2 ** 32 - 1, Number.MAX_SAFE_INTEGER];
const KEYS = ['00000000', '00ffffff', '7fffffff', 'ff000000', 'ffffffff'].map((key) => Buffer.from(key, 'hex'));
const SEQUENCES = [Buffer.alloc(0), Buffer.alloc(8), Buffer.alloc(8, 0xff)];

test('a window holds its own rows and no others', (t) => {
  for (const prefix of [Buffer.alloc(0), Buffer.of(0), Buffer.of(255)]) {
    for (const window of WINDOWS) {
      const { start, end } = windowRange(window, undefined, prefix);
      for (const other of WINDOWS) {
        for (const key of KEYS) {
          for (const sequence of SEQUENCES) {
            const row = Buffer.concat([prefix, encodeWindow(other), key, sequence]);
            t.is(row.compare(start) >= 0 && row.compare(end) < 0, other === window, `${other} in ${window}`);
          }
        }
      }
    }
  }
});

test('a group holds the keys that start with it', (t) => {
  for (const window of WINDOWS) {
    for (const group of KEYS.map((key) => key.subarray(0, 2))) {
      const { start, end } = windowRange(window, group);
      for (const key of KEYS) {
        const row = Buffer.concat([encodeWindow(window), key]);
        t.is(row.compare(start) >= 0 && row.compare(end) < 0, key.subarray(0, 2).equals(group));
      }
    }
  }
});

test('nothing comes behind bytes that are all 0xff', (t) => {
  t.throws(() => prefixEnd(Buffer.of(255, 255)), { instanceOf: RangeError });
});
