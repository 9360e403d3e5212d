import type { StateBatch } from '../../backends/contract.ts';

const MISSING = 0xff;

/**
 * Overwrites what a store did not return of values that always fill their width: a slot may hold leftovers of an earlier fill there,
 * which must not pass for what was stored.
 */
export function voidMissingBytes({ length, lengths, valueBytes, valueStride, valueArena }: StateBatch): void {
  for (let slot = 0; slot < length; slot++) {
    if (lengths[slot] === valueBytes) continue;
    const at = slot * valueStride;
    valueArena.fill(MISSING, at + Math.min(lengths[slot]!, valueBytes), at + valueBytes);
  }
}
