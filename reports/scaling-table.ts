import { plainText } from './plain-text.ts';
import { percent, rounded, withUnit } from './quantity.ts';
import { FEWEST_SIZES, type Fit, POOR } from './statistics/growth.ts';
import { type Claim, type Crossing, type Scaling, scalingsOf } from './statistics/scaling.ts';
import type { StateSizes } from './statistics/state-sizes.ts';
import type { Table } from './table.ts';

/** What to know when reading the table. */
export const SCALING_NOTE = `n is what was found in the store: entries, and for a restore bytes. Flink does not tell its state: its n is that of our stores at the same size, or the number of keys, and its restore has no bytes to be told by. A residual is the root mean square of what a fit misses, as a share of what was measured. The best fit is the class that foretells each size best from the others; where its residual is over ${percent(POOR)} only the points are shown.`;

/** A row a backend and cost: claim, fit and residual side by side, or the points where nothing fits. Empty below two sizes. */
export function scalingTable(sizes: StateSizes): Table {
  const rows = scalingsOf(sizes).map((scaling) => [
    plainText(scaling.backend),
    scaling.claim.title,
    scaling.claimed === null ? scaling.claim.growth : `${scaling.claim.growth}, ${residualOf(scaling.claimed)}`,
    bestText(scaling),
  ]);
  const columns = [
    { key: 'backend', title: 'Backend' },
    { key: 'cost', title: 'Cost' },
    { key: 'claim', title: 'Claim, residual' },
    { key: 'fit', title: 'Best fit, residual' },
  ];
  return { columns, rows };
}

function bestText({ claim, points, best, isPoor }: Scaling): string {
  if (best === null) return `${points.length} sizes: a fit takes ${FEWEST_SIZES}`;
  if (!isPoor) return `${best.growth}: ${formula(best, claim)}, ${residualOf(best)}`;
  const shown = points.map(({ n, y }) => `${sizeOf(n, claim)}: ${timeOf(y, claim)}`);
  return `none (the nearest, ${best.growth}, misses ${percent(best.residual)}); ${shown.join(', ')}`;
}

function residualOf({ residual }: Fit): string {
  return percent(residual);
}

function formula({ growth, constant, slope }: Fit, claim: Claim): string {
  const fixed = timeOf(constant, claim);
  if (growth === 'O(1)' || slope === 0) return fixed;
  // Of a single entry the slope would be a number with many zeros.
  const [per, n] = growth === 'O(log n)' ? [slope, 'ln n'] : growth === 'O(n)' ? [slope * 1e6, 'n / 10⁶'] : [slope * 1e6, 'n ln n / 10⁶'];
  return constant === 0 ? `${timeOf(per, claim)} × ${n}` : `${fixed} + ${timeOf(per, claim)} × ${n}`;
}

function timeOf(value: number, { unit }: Claim): string {
  return withUnit('time', unit === 'ns' ? value / 1e6 : value, value / 200 / (unit === 'ns' ? 1e6 : 1));
}

function sizeOf(n: number, { over }: Claim): string {
  return over === 'bytes' ? withUnit('bytes', n) : entriesOf(n);
}

function entriesOf(n: number): string {
  return rounded(n, n / 20);
}

/** "lmdb is faster below about 300,000 entries (250,000 to 380,000), rocksdb above." */
export function crossingSentence({ below, above, at: { n, low, high } }: Crossing): string {
  return `${plainText(below)} is faster below about ${entriesOf(n)} entries (${entriesOf(low)} to ${entriesOf(high)}), ${plainText(above)} above.`;
}
