/** Ways to read what a stage holds, slowly: for proofs, not for the stream. */
import type { Scan, StateBatch } from '../../backends/contract.ts';
import type { IncrementalAggregate } from '../../workloads/contract.ts';
import { voidMissingBytes } from './returned-bytes.ts';

/** The words of a slot's key. */
export function keyOf(batch: StateBatch, slot: number): Uint32Array {
  const at = (slot * batch.addressStride) / 4 + 2;
  return batch.addressWords.slice(at, at + batch.keyBytes / 4);
}

/** Hands on what came so far of each accumulator of a scan. */
export async function eachResult(
  scan: Scan,
  aggregate: IncrementalAggregate,
  give: (key: Uint32Array, numbers: readonly number[]) => void,
): Promise<void> {
  const results = new Float64Array(aggregate.columns.length);
  for await (const batch of scan) {
    voidMissingBytes(batch);
    for (let slot = 0; slot < batch.length; slot++) {
      aggregate.emit(batch.valueDoubles, slot, 1, results, 0);
      give(keyOf(batch, slot), [...results]);
    }
  }
}

/** Hands on each list of a scan, element after element as they were appended. */
export async function eachList(scan: Scan, give: (key: Uint32Array, numbers: readonly number[]) => void): Promise<void> {
  let key: Uint32Array = new Uint32Array(0);
  let numbers: number[] = [];
  for await (const batch of scan) {
    voidMissingBytes(batch);
    const width = batch.valueBytes / 8;
    for (let slot = 0; slot < batch.length; slot++) {
      const words = keyOf(batch, slot);
      if (numbers.length > 0 && words.some((word, i) => word !== key[i])) {
        give(key, numbers);
        numbers = [];
      }
      key = words;
      for (let i = 0; i < width; i++) numbers.push(batch.valueDoubles[slot * width + i]!);
    }
  }
  if (numbers.length > 0) give(key, numbers);
}
