import { type Crossover, crossoverOf } from './crossover.ts';
import { bestFit, type Fit, fitOf, type Growth, POOR, type Point } from './growth.ts';
import type { MetricName } from './metrics.ts';
import { type SizedCell, type StateSizes, sizedCells } from './state-sizes.ts';
import { isFlink, throughputByBlock } from './summary.ts';

/** What is claimed of every backend: the time of an event does not depend on the state, a checkpoint and a restore grow with it. */
export const CLAIMS = [
  { quantity: 'event', title: 'time per event', unit: 'ns', over: 'entries', metric: 'nsPerEvent', growth: 'O(1)' },
  { quantity: 'checkpoint', title: 'checkpoint', unit: 'ms', over: 'entries', metric: 'checkpointMs', growth: 'O(n)' },
  { quantity: 'recovery', title: 'restore', unit: 'ms', over: 'bytes', metric: 'restoreMs', growth: 'O(n)' },
] as const satisfies readonly {
  readonly quantity: string;
  readonly title: string;
  readonly unit: 'ns' | 'ms';
  /** What of the state n counts, as it was found in the store. */
  readonly over: 'entries' | 'bytes';
  readonly metric: MetricName;
  readonly growth: Growth;
}[];
export type Claim = (typeof CLAIMS)[number];

/** How a cost of a backend grows. */
export interface Scaling {
  readonly backend: string;
  readonly claim: Claim;
  readonly points: readonly Point[];
  /** The fit of what is claimed; null where there are too few sizes for any. */
  readonly claimed: Fit | null;
  /** The class that foretells best; null with the other. */
  readonly best: Fit | null;
  /** Whether even the best fit is poor, so that only the points are to be shown. */
  readonly isPoor: boolean;
}

export interface Crossing {
  /** Faster below, and above. */
  readonly below: string;
  readonly above: string;
  /** In entries. */
  readonly at: Crossover;
}

/** Costs of every backend with the right output at all its sizes; a backend that lacks a figure at a size has that point not. */
export function scalingsOf(sizes: StateSizes): readonly Scaling[] {
  return [...byBackend(sizes)].flatMap(([backend, cells]) =>
    CLAIMS.flatMap((claim) => {
      const points = cells.flatMap(({ cell: { metrics }, entries }): readonly Point[] => {
        const n = (claim.over === 'entries' ? entries : metrics.liveBytes?.mean) ?? 0;
        const y = metrics[claim.metric]?.mean ?? 0;
        return n > 0 && y > 0 ? [{ n, y }] : [];
      });
      if (points.length < 2) return [];
      const best = bestFit(points);
      const claimed = best === null ? null : fitOf(points, claim.growth);
      return [{ backend, claim, points, claimed, best, isPoor: best !== null && best.residual > POOR }];
    }),
  );
}

/** Pairs of backends that change places as the state grows, each shown to be faster at some size. */
export function crossingsOf(sizes: StateSizes, level: number): readonly Crossing[] {
  const backends = [...byBackend(sizes)];
  return backends.flatMap(([one, cells], i) =>
    backends.slice(i + 1).flatMap(([other, others]): readonly Crossing[] => {
      // Whoever runs a pipeline of ours does not choose a state backend of Flink from some size on.
      if (isFlink(cells[0]!.cell) !== isFlink(others[0]!.cell)) return [];
      const sized = cells.flatMap(({ cell, entries }, place) => {
        const beside = others[place]?.cell;
        const n = entries ?? 0;
        return beside === undefined || n <= 0 ? [] : [{ n, one: throughputByBlock(cell), other: throughputByBlock(beside) }];
      });
      const at = crossoverOf(sized, level);
      if (at === null) return [];
      return [at.isFirstFasterBelow ? { below: one, above: other, at } : { below: other, above: one, at }];
    }),
  );
}

/** Only a backend that was right at every size: one that failed at the largest grows in no way that is known. */
function byBackend(sizes: StateSizes): ReadonlyMap<string, readonly SizedCell[]> {
  const cells = new Map<string, SizedCell[]>();
  for (const sized of sizedCells(sizes)) {
    const { name } = sized.cell.cell.backend;
    cells.set(name, [...(cells.get(name) ?? []), sized]);
  }
  return new Map([...cells].filter(([, own]) => own.length === sizes.sizes.length && own.every(({ cell }) => cell.standing === 'correct')));
}
