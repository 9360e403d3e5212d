import { type Stage, stageColumns } from '../../workloads/contract.ts';
import { hashesPayload, hashSum, payloadHash } from './payload-hash.ts';

/** Makes the row of a left and a right event of a join, from the numbers of both. */
export type Pair = (left: readonly number[], right: readonly number[]) => readonly number[];

/** Both values and, where the stage's rows have such a column, the hash of both events. */
export function pairOf(stage: Stage): Pair {
  if (!hashesPayload(stageColumns(stage))) return (left, right) => [left[0]!, right[0]!];
  return (left, right) => [left[0]!, right[0]!, hashSum(payloadHash(left), payloadHash(right))];
}
