/** A figure of a benchmark: a median and its 95 % interval. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** The median of `values`, with its 95 % interval by order statistics; of fewer than 6 values, the lowest and highest. */
export function figure(name: string, unit: string, values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const middle = (n - 1) / 2;
  const rank = lowerRank(n);
  return {
    name,
    value: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2,
    unit,
    low: sorted[rank]!,
    high: sorted[n - 1 - rank]!,
    n,
  };
}

/** Rank, from 0, of the order statistic that bounds the median from below at 95 %: the binomial sign interval. */
function lowerRank(n: number): number {
  let probability = 0.5 ** n;
  let below = 0;
  for (let rank = 0; rank < n / 2; rank++) {
    below += probability;
    if (below > 0.025) return Math.max(0, rank - 1);
    probability = (probability * (n - rank)) / (rank + 1);
  }
  return 0;
}

/** Writes a figure as a line, or with `--json` on the command line as an object in a line. */
export function print({ name, value, unit, low, high, n }: Figure): void {
  const line = process.argv.includes('--json')
    ? JSON.stringify({ name, value, unit, low, high, n })
    : `${name} ${rounded(value)} ${unit}   [${rounded(low)}, ${rounded(high)}] n=${n}`;
  process.stdout.write(`${line}\n`);
}

function rounded(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
