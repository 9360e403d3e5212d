import { plainText } from './plain-text.ts';
import { grouped } from './quantity.ts';

/** What names a group, of a run or of two that are compared. */
interface TitledGroup {
  readonly workload: { readonly name: string };
  readonly storage: { readonly name: string };
  readonly batchSize: number;
  readonly parallelism: number;
}

/** What was measured, in a line: "flights-delays, micro-batches of 1,024, checkpoints to filesystem". */
export function groupTitle({ workload, batchSize, storage, parallelism }: TitledGroup): string {
  const processes = parallelism === 1 ? '' : `, ${parallelism} processes`;
  return `${plainText(workload.name)}, micro-batches of ${grouped(batchSize, 0)}, checkpoints to ${plainText(storage.name)}${processes}`;
}
