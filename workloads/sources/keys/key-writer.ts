/** How the numbers of keys become keys. */
import { WorkloadError } from '../../contract.ts';

/** Writes `count` keys as lower-case hexadecimal ASCII, zero-padded to `keyBytes`, whole words at a time, as keys `from` onwards. */
export type KeyWriter = (numbers: Uint32Array, count: number, keyWords: Uint32Array, from: number) => void;

/** @throws WorkloadError `impossible-settings` where `keys` keys do not fit `keyBytes` hexadecimal digits */
export function keyWriter(keys: number, keyBytes: number): KeyWriter {
  if (!Number.isSafeInteger(keyBytes) || keyBytes < 4 || keyBytes % 4 !== 0) {
    throw new WorkloadError('impossible-settings', `keyBytes must be a positive multiple of 4, not ${keyBytes}`);
  }
  if (keys > 16 ** keyBytes) {
    throw new WorkloadError(
      'impossible-settings',
      `${keys} keys do not fit ${keyBytes} hexadecimal digits: choose more keyBytes or fewer keys`,
    );
  }
  const words = keyBytes / 4;
  const [high, low, zeros] = pairTables();
  return (numbers, count, keyWords, from) => {
    keyWords.fill(zeros, from * words, (from + count) * words);
    if (words > 1) {
      for (let i = 0, at = (from + 1) * words - 2; i < count; i++, at += words) {
        keyWords[at] = high[numbers[i]! >>> 24]! | low[(numbers[i]! >>> 16) & 0xff]!;
      }
    }
    for (let i = 0, at = (from + 1) * words - 1; i < count; i++, at += words) {
      keyWords[at] = high[(numbers[i]! >>> 8) & 0xff]! | low[numbers[i]! & 0xff]!;
    }
  };
}

/** Two digits as the first half of a word and as the second, and the word of four zeros, in this machine's byte order. */
function pairTables(): readonly [high: Uint32Array, low: Uint32Array, zeros: number] {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let pair = 0; pair < 256; pair++) {
    const digits = Buffer.from(pair.toString(16).padStart(2, '0'), 'latin1');
    new Uint8Array(high.buffer).set(digits, pair * 4);
    new Uint8Array(low.buffer).set(digits, pair * 4 + 2);
  }
  return [high, low, high[0]! | low[0]!];
}
