/** The state micro-suite compared: every operation on every backend, against the first of them. */
import type { MicroResults } from '../harness/results.ts';
import { rounded, uncertainty, withUnit } from './quantity.ts';
import { type ByBlock, holm, type PairedRatio, pairedRatio } from './statistics/ratio.ts';
import { median, type Sample, sampleOf } from './statistics/sample.ts';

export interface MicroFigure {
  readonly backend: string;
  /** Over blocks. */
  readonly operationsPerSecond: Sample;
  /** Median over blocks of the median time of a batch; null where a block has too few batches for one. */
  readonly batchP50Ms: number | null;
  readonly operationsPerBatch: number;
  /** Of the rate to that of the first backend, paired by block, Holm-adjusted over backends; null for the first, and where that has none. */
  readonly ratio: PairedRatio | null;
}

export interface MicroRow {
  readonly operation: string;
  readonly description: string;
  /** In the order of the backends; null where it was not measured. */
  readonly figures: readonly (MicroFigure | null)[];
}

export interface MicroComparison {
  readonly batchSize: number;
  readonly rows: readonly MicroRow[];
}

/** One comparison a batch size, ascending; rows in the order of the operations, those that nobody has left out. */
export function compareMicro({ operations, backends, measurements }: MicroResults): readonly MicroComparison[] {
  const sizes = [...new Set(measurements.map(({ batchSize }) => batchSize))].sort((a, b) => a - b);
  return sizes.map((batchSize) => ({
    batchSize,
    rows: operations.flatMap(({ name, description }) => {
      const made = measurements.filter((measurement) => measurement.operation === name && measurement.batchSize === batchSize);
      if (made.length === 0) return [];
      const of = backends.map((backend) => made.filter((measurement) => measurement.backend === backend.name));
      const byBlock = of.map((all): ByBlock => new Map(all.map(({ block, operationsPerSecond }) => [block, operationsPerSecond])));
      const ratios = holm(byBlock.map((values, i) => (i === 0 ? null : pairedRatio(values, byBlock[0]!))));
      const figures = of.map((all, i): MicroFigure | null => {
        const operationsPerSecond = sampleOf(all.map((measurement) => measurement.operationsPerSecond));
        if (operationsPerSecond === null) return null;
        const medians = all.flatMap((measurement) => measurement.batchP50Ms ?? []);
        const batchP50Ms = medians.length < all.length ? null : median(medians);
        return {
          backend: backends[i]!.name,
          operationsPerSecond,
          batchP50Ms,
          operationsPerBatch: all[0]!.operationsPerBatch,
          ratio: ratios[i] ?? null,
        };
      });
      return [{ operation: name, description, figures }];
    }),
  }));
}

/** The largest batches lose least to the calls themselves. */
export function largestBatch({ settings }: MicroResults): number {
  return Math.max(...settings.batchSizes);
}

/** Operations a second of one operation on one backend in the largest batches, over blocks; null where it was not measured. */
export function largestBatchRate(micro: MicroResults, backend: string, operation: string): Sample | null {
  const size = largestBatch(micro);
  const made = micro.measurements.filter((one) => one.backend === backend && one.operation === operation && one.batchSize === size);
  return sampleOf(made.map(({ operationsPerSecond }) => operationsPerSecond));
}

/** Operations a second, rounded to what the blocks support. */
export function rateText({ operationsPerSecond }: MicroFigure): string {
  return rounded(operationsPerSecond.median, uncertainty(operationsPerSecond));
}

/** From the lowest to the highest block; null for a single one. */
export function rangeText({ operationsPerSecond }: MicroFigure): string | null {
  const { n, min, max } = operationsPerSecond;
  const half = uncertainty(operationsPerSecond);
  return n < 2 ? null : `${rounded(min, half)} to ${rounded(max, half)}`;
}

/** The median time of a batch, with what the blocks leave open; null where there are too few batches. */
export function batchText({ batchP50Ms, operationsPerSecond }: MicroFigure): string | null {
  if (batchP50Ms === null) return null;
  const half = uncertainty(operationsPerSecond);
  return withUnit('time', batchP50Ms, half === null ? null : (half / operationsPerSecond.median) * batchP50Ms);
}

export function ratioText({ ratio, interval }: PairedRatio): { readonly ratio: string; readonly interval: string | null } {
  const half = interval === null ? null : (interval.high - interval.low) / 2;
  const text = (value: number): string => rounded(value, half);
  return { ratio: `${text(ratio)} ×`, interval: interval === null ? null : `${text(interval.low)} to ${text(interval.high)}` };
}

/** What was measured, in a line. */
export function microSettingsText({ settings, seed }: MicroResults): string {
  const { keys, keyBytes, valueBytes, blocks, timeMs, batchSizes } = settings;
  return `${keys.toLocaleString('en-US')} keys of ${keyBytes} bytes, values of ${valueBytes}, batch ${batchSizes.join(' and ')}, ${blocks} block${blocks === 1 ? '' : 's'} of ${timeMs} ms an operation, seed ${seed}`;
}
