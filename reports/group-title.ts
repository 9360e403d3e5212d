import { plainText } from './plain-text.ts';
import { grouped } from './quantity.ts';
import type { GroupSummary } from './statistics/summary.ts';

/** What was measured, in a line: "flights-delays, micro-batches of 1,024, checkpoints to filesystem". */
export function groupTitle({ workload, batchSize, storage, parallelism }: GroupSummary): string {
  const processes = parallelism === 1 ? '' : `, ${parallelism} processes`;
  return `${plainText(workload.name)}, micro-batches of ${grouped(batchSize, 0)}, checkpoints to ${plainText(storage.name)}${processes}`;
}
