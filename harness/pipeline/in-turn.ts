import type { Pending, Scan, StateBatch } from '../../backends/contract.ts';
import { voidMissingBytes } from './returned-bytes.ts';

/** Takes steps one after the other; waits only for those that give a promise, so that over an in-process store none is made. */
export function inTurn(steps: readonly (() => Pending)[], from = 0): Pending {
  for (let step = from; step < steps.length; step++) {
    const pending = steps[step]!();
    if (pending) return pending.then(() => inTurn(steps, step + 1));
  }
}

/** Hands on each batch of a scan of values that fill their width; without a promise where the store has them at hand. */
export function eachBatch(scan: Scan, take: (batch: StateBatch) => void): Pending {
  if (!(Symbol.iterator in scan)) return eachAwaited(scan, take);
  for (const batch of scan) {
    voidMissingBytes(batch);
    take(batch);
  }
}

async function eachAwaited(scan: AsyncIterable<StateBatch>, take: (batch: StateBatch) => void): Promise<void> {
  for await (const batch of scan) {
    voidMissingBytes(batch);
    take(batch);
  }
}
