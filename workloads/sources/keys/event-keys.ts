/** The keys of events, as the bytes that they are. */

import type { FileKeys } from './key-file.ts';
import { type KeyDistribution, keySampler, unfit } from './key-sampler.ts';
import { keyWriter } from './key-writer.ts';
import { KEY_NUMBERS, type Regime } from './regime.ts';

export interface KeySettings {
  /** Numbers drawn for each event, or the lines of a file in order and around. */
  readonly distribution: KeyDistribution | { readonly kind: 'file'; readonly content: FileKeys };
  readonly regime: Regime;
  /** How many there are at most at a time; of a file, as many as its lines. */
  readonly keys: number;
  readonly keyBytes: number;
}

/** Writes the keys of events `position` … `position + count − 1`, all of one block (see random.ts), as keys `from` onwards. */
export type EventKeys = (keyWords: Uint32Array, from: number, position: number, count: number) => void;

/**
 * @param countMax the most that are asked for at a time
 * @throws WorkloadError `impossible-settings`
 */
export function eventKeys(seed: number, { distribution, regime, keys, keyBytes }: KeySettings, countMax: number): EventKeys {
  if (distribution.kind === 'file') {
    if (regime.kind !== 'steady') throw unfit('file', regime.kind, 'they are those of the file');
    return fileKeys(distribution.content, keyBytes);
  }
  const sample = keySampler(seed, keys, distribution, regime);
  const write = keyWriter(regime.kind === 'expiring' ? KEY_NUMBERS : keys, keyBytes);
  const numbers = new Uint32Array(countMax);
  return (keyWords, from, position, count) => {
    sample(numbers, position, count);
    write(numbers, count, keyWords, from);
  };
}

function fileKeys({ words, lines }: FileKeys, keyBytes: number): EventKeys {
  const width = keyBytes / 4;
  return (keyWords, from, position, count) => {
    let line = position % lines;
    for (let i = 0, to = from * width; i < count; i++) {
      for (let at = line * width, end = at + width; at < end; at++, to++) keyWords[to] = words[at]!;
      if (++line === lines) line = 0;
    }
  };
}
