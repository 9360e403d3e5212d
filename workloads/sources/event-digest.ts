/** What tests compare streams by. */
import { createHash } from 'node:crypto';
import { EventBatch, type Source } from '../contract.ts';

/**
 * Digest of the next `count` events of a source, all of keys, times, values and types, taken `size` at a time.
 * @param keep takes what does not count out of a batch, in place
 */
export function eventDigest(source: Source, count: number, size: number, keep?: (batch: EventBatch) => void): string {
  const batch = new EventBatch(size, source);
  const hashes = [createHash('sha256'), createHash('sha256'), createHash('sha256'), createHash('sha256')] as const;
  for (let left = count; left > 0; ) {
    const got = source.fill(batch, left);
    if (got === 0) break;
    left -= got;
    keep?.(batch);
    hashes[0].update(batch.keys.subarray(0, batch.length * source.keyBytes));
    hashes[1].update(new Uint8Array(batch.timestamps.buffer, 0, batch.length * 8));
    hashes[2].update(new Uint8Array(batch.values.buffer, 0, batch.length * source.width * 8));
    hashes[3].update(batch.types.subarray(0, batch.length));
  }
  const whole = createHash('sha256');
  for (const hash of hashes) whole.update(hash.digest());
  return whole.digest('hex').slice(0, 16);
}
