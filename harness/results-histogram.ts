/** How results hold a histogram. */
import { z } from 'zod';

const count = z.int().nonnegative();

/**
 * A log-linear histogram, whole. Values below 2 × subBuckets have a bucket each; above, every octave has `subBuckets`
 * buckets of equal width. `counts` alternates bucket index and count, indices ascending, empty buckets left out.
 * {@link bucketFloor} and {@link bucketWidth} turn an index back into values.
 */
export const histogramSchema = z.strictObject({
  unit: z.literal('ns'),
  subBuckets: z.literal(128),
  total: count,
  min: count,
  max: count,
  counts: z.array(count),
});
export type HistogramData = z.infer<typeof histogramSchema>;

/** Lowest value of bucket `index`. */
export function bucketFloor(index: number, subBuckets: number): number {
  if (index < 2 * subBuckets) return index;
  const octave = Math.floor(index / subBuckets) - 1;
  return (subBuckets + (index % subBuckets)) * 2 ** octave;
}

/** How many values bucket `index` covers, from its floor upwards. */
export function bucketWidth(index: number, subBuckets: number): number {
  return index < 2 * subBuckets ? 1 : 2 ** (Math.floor(index / subBuckets) - 1);
}
