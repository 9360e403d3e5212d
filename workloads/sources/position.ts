/** What every source checks of its callers. Both are mistakes in code, never in settings or data. */
import type { EventBatch } from '../contract.ts';

/** @throws RangeError if there is no event `position`, and it is not the end */
export function checkPosition(position: number, events: number): void {
  if (!Number.isSafeInteger(position) || position < 0 || position > events) {
    throw new RangeError(`cannot continue at event ${position}: the source has events 0 to ${events}`);
  }
}

/** @throws RangeError if the batch is not made for the source's events */
export function checkBatch(batch: EventBatch, keyBytes: number, width = 1): void {
  if (batch.keyBytes !== keyBytes || batch.width !== width) {
    throw new RangeError(
      `the source fills batches with keys of ${keyBytes} bytes and width ${width}, not with ${batch.keyBytes} bytes and width ${batch.width}`,
    );
  }
}
