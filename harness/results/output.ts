/** Digests of output rows, and their comparison with the oracle's. */
import { z } from 'zod';

const count = z.int().nonnegative();

/** A digest of output rows as a multiset: equal multisets have equal digests, whatever their order. */
export const outputSchema = z.strictObject({
  /** After which event of the stream; rows count as far as the watermark had fired them, or all of them if the stream was ended. */
  atEvent: count,
  ended: z.boolean(),
  rows: count,
  digest: z.string().regex(/^[0-9a-f]{32}$/),
});
export type Output = z.infer<typeof outputSchema>;

export const checkedOutput = z.strictObject({ expected: outputSchema, got: outputSchema, equal: z.boolean() });
export const checkedLate = z.strictObject({ expected: z.array(count), got: z.array(count), equal: z.boolean() });

type Checked = z.infer<typeof checkedOutput>;

/** Rows in the largest comparison of a trial's output with the oracle's; 0 where no row was compared, so that nothing is proven. */
export function comparedRowsIn(comparisons: Iterable<Checked | null>): number {
  let most = 0;
  for (const checked of comparisons) if (checked !== null) most = Math.max(most, checked.expected.rows);
  return most;
}
