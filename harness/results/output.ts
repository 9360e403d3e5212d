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
