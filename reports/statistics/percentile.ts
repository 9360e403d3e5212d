import { bucketFloor, bucketWidth, type HistogramData } from '../../harness/results.ts';

/** Several histograms taken as one. Buckets are in ascending order. */
export interface Distribution {
  readonly total: number;
  /** Smallest and largest value recorded, ns; 0 if there is none. */
  readonly min: number;
  readonly max: number;
  readonly buckets: readonly { readonly index: number; readonly count: number }[];
  readonly subBuckets: number;
}

/** Adds histograms up, bucket by bucket: nothing is lost, so percentiles of the whole are as good as those of a part. */
export function mergeHistograms(histograms: readonly HistogramData[]): Distribution {
  const counts = new Map<number, number>();
  for (const { counts: pairs } of histograms) {
    for (let i = 0; i + 1 < pairs.length; i += 2) counts.set(pairs[i]!, (counts.get(pairs[i]!) ?? 0) + pairs[i + 1]!);
  }
  const filled = histograms.filter((histogram) => histogram.total > 0);
  return {
    total: filled.reduce((sum, histogram) => sum + histogram.total, 0),
    min: filled.length === 0 ? 0 : Math.min(...filled.map((histogram) => histogram.min)),
    max: filled.length === 0 ? 0 : Math.max(...filled.map((histogram) => histogram.max)),
    buckets: [...counts].map(([index, count]) => ({ index, count })).toSorted((a, b) => a.index - b.index),
    subBuckets: 128,
  };
}

/**
 * The value by nearest rank (R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American Statistician 50, 1996,
 * definition 1), ns, that the fraction `rank` (0 to 1) of all recorded values does not exceed: the middle of its bucket,
 * kept between the smallest and the largest value recorded (error < 0.4 %). Null if nothing was recorded.
 */
export function percentileNs(distribution: Distribution, rank: number): number | null {
  if (distribution.total === 0) return null;
  const wanted = Math.max(1, Math.ceil(rank * distribution.total - 1e-9));
  if (wanted >= distribution.total) return distribution.max;
  let seen = 0;
  for (const { index, count } of distribution.buckets) {
    seen += count;
    if (seen < wanted) continue;
    const middle = bucketFloor(index, distribution.subBuckets) + (bucketWidth(index, distribution.subBuckets) - 1) / 2;
    return Math.min(distribution.max, Math.max(distribution.min, middle));
  }
  return distribution.max;
}
