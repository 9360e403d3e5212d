/** The slots of a batch, gathered by window and bucket: what one request can be about. */
import type { StateBatch, TableSpec } from '../contract.ts';

export interface PartitionSlots {
  readonly window: number;
  readonly bucket: number;
  readonly slots: number[];
}

/**
 * A key's bucket. With a group it is the group's, so that the scan of one group asks one partition; otherwise every key is
 * placed by itself.
 */
export class Partitions {
  readonly #buckets: number;
  readonly #groupBytes: number;

  constructor(buckets: number, { groupBytes }: Pick<TableSpec, 'groupBytes'>) {
    this.#buckets = buckets;
    this.#groupBytes = groupBytes;
  }

  /** The bucket of all keys that start with a group. */
  ofGroup(group: Uint8Array): number {
    return this.#bucketOf(group, 0, this.#groupBytes);
  }

  /** By window in the order in which they first come. @param most slots of one entry. */
  gather(batch: StateBatch, most: number): readonly PartitionSlots[] {
    const { windows, length, addressArena, addressStride, keyBytes } = batch;
    const all: PartitionSlots[] = [];
    const byWindow = new Map<number, (PartitionSlots | undefined)[]>();
    const bytes = this.#groupBytes > 0 ? this.#groupBytes : keyBytes;
    let window = Number.NaN;
    let ofWindow: (PartitionSlots | undefined)[] = [];
    for (let slot = 0; slot < length; slot++) {
      if (windows[slot] !== window) {
        window = windows[slot]!;
        ofWindow = byWindow.get(window) ?? [];
        byWindow.set(window, ofWindow);
      }
      const bucket = this.#bucketOf(addressArena, (slot + 1) * addressStride - keyBytes, bytes);
      let partition = ofWindow[bucket];
      if (partition === undefined || partition.slots.length === most) {
        partition = { window, bucket, slots: [] };
        ofWindow[bucket] = partition;
        all.push(partition);
      }
      partition.slots.push(slot);
    }
    return all;
  }

  /** FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), its high bits folded in. */
  #bucketOf(bytes: Uint8Array, at: number, count: number): number {
    let hash = 0x811c9dc5;
    for (let i = at; i < at + count; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    return ((hash ^ (hash >>> 15)) >>> 0) % this.#buckets;
  }
}

/** The least bytes above all that start with `group`; undefined if there are none. */
export function behindGroup(group: Uint8Array): Buffer | undefined {
  for (let end = group.length; end > 0; end--) {
    if (group[end - 1] === 0xff) continue;
    const behind = Buffer.from(group.subarray(0, end));
    behind[end - 1] = behind[end - 1]! + 1;
    return behind;
  }
  return undefined;
}
