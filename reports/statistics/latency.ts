import { type CompletedTrial, type HistogramData, type Load, samplesForPercentile } from '../../harness/results.ts';
import { grouped } from './grouped.ts';
import { FEWEST_FOR_P99, FEWEST_FOR_P999 } from './metrics.ts';
import { type Distribution, mergeHistograms, percentileNs } from './percentile.ts';
import { median, type Sample, sampleOf } from './sample.ts';
import type { CellSummary } from './summary.ts';

/** What the trials of a cell say of its latency at one load. Times in ms; null where too little was measured, or all of it is void. */
export interface LoadSummary {
  /** Part of the sustained rate; null for a rate that cells have in common. */
  readonly fraction: number | null;
  /** Median over trials. */
  readonly ratePerSecond: number;
  /** Of all events of all trials together. */
  readonly p50Ms: number | null;
  /** One value a trial. */
  readonly p99Ms: Sample | null;
  /** Of all events together. */
  readonly p999Ms: number | null;
  readonly maxMs: number | null;
  readonly p99DuringCheckpointMs: number | null;
  readonly p99OutsideMs: number | null;
  readonly serviceP99Ms: number | null;
  readonly windowP50Ms: number | null;
  readonly windowP99Ms: number | null;
  /** Trials whose figures do not count, and why the first does not. */
  readonly voided: number;
  readonly voidReason: string | null;
}

/** The rate that was sustained in the trials of a cell, events/s. */
export interface SustainedRate {
  readonly passedPerSecond: Sample | null;
  /** The least rate that failed: median over the trials in which one did. */
  readonly failedPerSecond: number | null;
}

/** Null for a cell without an open loop. */
export function sustainedRateOf({ trials }: Pick<CellSummary, 'trials'>): SustainedRate | null {
  const found = trials.flatMap(({ latency }) => latency?.sustainable ?? []);
  if (found.length === 0) return null;
  const failed = found.flatMap(({ failedPerSecond }) => failedPerSecond ?? []);
  return {
    passedPerSecond: sampleOf(found.flatMap(({ passedPerSecond }) => passedPerSecond ?? [])),
    failedPerSecond: failed.length === 0 ? null : median(failed),
  };
}

type Trials = { readonly trials: readonly Pick<CompletedTrial, 'latency'>[] };

/** The loads of a cell, in the order they were run; those of one fraction or one common rate together. */
export function loadsOf(cell: Trials): readonly LoadSummary[] {
  return alike(cell).map(summaryOf);
}

/** All latencies of a cell at one load, of the trials in which it is not void. */
export interface Spectrum extends Pick<LoadSummary, 'fraction' | 'ratePerSecond'> {
  readonly latency: Distribution;
}

/** The spectra of a cell, in the order of its loads; without those that are void in every trial. */
export function spectraOf(cell: Trials): readonly Spectrum[] {
  return alike(cell).flatMap((loads) => {
    const valid = loads.filter((load) => load.void === null);
    const latency = mergeHistograms(valid.map((load) => load.latency));
    const { fraction } = loads[0]!;
    return latency.total === 0 ? [] : [{ fraction, ratePerSecond: median(loads.map((load) => load.ratePerSecond)), latency }];
  });
}

function alike({ trials }: Trials): readonly (readonly Load[])[] {
  const loads = grouped(
    trials.flatMap(({ latency }) => latency?.loads ?? []),
    ({ fraction, ratePerSecond }) => (fraction === null ? `at ${ratePerSecond}` : `part ${fraction}`),
  );
  return [...loads.values()];
}

function summaryOf(loads: readonly Load[]): LoadSummary {
  const valid = loads.filter((load) => load.void === null);
  const all = (of: (load: Load) => HistogramData | null, rank: number) => {
    const merged = mergeHistograms(valid.flatMap((load) => of(load) ?? []));
    return merged.total < (rank === 1 ? 1 : samplesForPercentile(rank)) ? null : inMs(percentileNs(merged, rank));
  };
  const latencies = valid.map(({ latency }) => mergeHistograms([latency]));
  return {
    fraction: loads[0]!.fraction,
    ratePerSecond: median(loads.map(({ ratePerSecond }) => ratePerSecond)),
    p50Ms: all(({ latency }) => latency, 0.5),
    p99Ms: sampleOf(latencies.filter(({ total }) => total >= FEWEST_FOR_P99).map((merged) => percentileNs(merged, 0.99)! / 1e6)),
    p999Ms: latencies.every(({ total }) => total >= FEWEST_FOR_P999) ? all(({ latency }) => latency, 0.999) : null,
    maxMs: all(({ latency }) => latency, 1),
    p99DuringCheckpointMs: all(({ duringCheckpoint }) => duringCheckpoint, 0.99),
    p99OutsideMs: all(outsideCheckpoints, 0.99),
    serviceP99Ms: all(({ service }) => service, 0.99),
    windowP50Ms: all(({ window }) => window, 0.5),
    windowP99Ms: all(({ window }) => window, 0.99),
    voided: loads.length - valid.length,
    voidReason: loads.find((load) => load.void !== null)?.void ?? null,
  };
}

/** The events that met no checkpoint: those of all that are not in the other histogram. */
export function outsideCheckpoints({ latency, duringCheckpoint }: Pick<Load, 'latency' | 'duringCheckpoint'>): HistogramData {
  const inside = new Map<number, number>();
  for (let i = 0; i < duringCheckpoint.counts.length; i += 2) inside.set(duringCheckpoint.counts[i]!, duringCheckpoint.counts[i + 1]!);
  const counts: number[] = [];
  for (let i = 0; i < latency.counts.length; i += 2) {
    const left = latency.counts[i + 1]! - (inside.get(latency.counts[i]!) ?? 0);
    if (left > 0) counts.push(latency.counts[i]!, left);
  }
  return { ...latency, total: Math.max(0, latency.total - duringCheckpoint.total), counts };
}

function inMs(ns: number | null): number | null {
  return ns === null ? null : ns / 1e6;
}
