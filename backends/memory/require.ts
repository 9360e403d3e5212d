import { BackendError, type StateBatch, type TableSpec } from '../contract.ts';

/** Shared by a store and its tables. */
export interface Life {
  closed: boolean;
}

/** @throws BackendError `closed`. */
export function requireOpen(life: Life): void {
  if (life.closed) throw new BackendError('closed', 'this store was closed and can no longer be used; open or restore another');
}

/** Asked once per batch, so that loops need not. @throws RangeError if a batch was made for another table. */
export function requireFit(batch: StateBatch, { name, keyBytes, valueBytes }: TableSpec): void {
  if (batch.keyBytes === keyBytes && batch.valueBytes === valueBytes) return;
  throw new RangeError(
    `table '${name}' has keys of ${keyBytes} and values of ${valueBytes} bytes, the batch of ${batch.keyBytes} and ${batch.valueBytes}; make batches from the table's spec`,
  );
}
