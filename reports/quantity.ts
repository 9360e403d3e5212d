import type { Sample } from './statistics/sample.ts';

/** A unit that a column or an axis is shown in: `value / divisor` is the number that stands before `unit`. */
export interface Unit {
  readonly unit: string;
  readonly divisor: number;
}

const UNITS = {
  /** From milliseconds. */
  time: [
    { unit: 'ns', divisor: 1e-6 },
    { unit: 'µs', divisor: 1e-3 },
    { unit: 'ms', divisor: 1 },
    { unit: 's', divisor: 1000 },
  ],
  /** From bytes; decimal, as disks are sold. */
  bytes: [
    { unit: 'B', divisor: 1 },
    { unit: 'kB', divisor: 1e3 },
    { unit: 'MB', divisor: 1e6 },
    { unit: 'GB', divisor: 1e9 },
  ],
  /** From events per second. */
  rate: [
    { unit: 'events/s', divisor: 1 },
    { unit: 'thousand events/s', divisor: 1e3 },
    { unit: 'million events/s', divisor: 1e6 },
  ],
} as const satisfies Record<string, readonly Unit[]>;

/** The unit in which the middle one of `values` is a number from 1 to 999, or the nearest there is. */
export function unitFor(kind: keyof typeof UNITS, values: readonly number[]): Unit {
  const units: readonly Unit[] = UNITS[kind];
  const positive = values.filter((value) => value > 0).toSorted((a, b) => a - b);
  const middle = positive[positive.length >> 1] ?? 1;
  return units.findLast(({ divisor }) => middle >= divisor) ?? units[0]!;
}

/** Half of what is not known about a sample: of its interval, else of its range; null for a single value. */
export function uncertainty(sample: Sample): number | null {
  if (sample.interval !== null) return (sample.interval.high - sample.interval.low) / 2;
  return sample.n < 2 ? null : (sample.max - sample.min) / 2;
}

/**
 * `value` rounded to what `half`, half its interval, supports: 1 to 3 significant digits; 2 where nothing is known of the
 * uncertainty. Thousands are divided by commas.
 */
export function rounded(value: number, half: number | null): string {
  if (value === 0) return '0';
  const size = Math.floor(Math.log10(Math.abs(value)));
  const supported = half === null || half <= 0 ? size - (half === null ? 1 : 2) : Math.floor(Math.log10(half / 2));
  // A single digit 1 would stand for anything from 0.95 to 1.5: it gets a second one.
  const coarsest = Math.abs(value) < 2 * 10 ** size ? size - 1 : size;
  const place = Math.min(coarsest, Math.max(size - 2, supported));
  return grouped(Math.round(value / 10 ** place) * 10 ** place, Math.max(0, -place));
}

const formats = new Map<number, Intl.NumberFormat>();

/** A number with a fixed count of decimals and commas between thousands. */
export function grouped(value: number, decimals: number): string {
  // Making a format takes a thousand times as long as using it.
  const known = formats.get(decimals);
  const format = known ?? new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  if (known === undefined) formats.set(decimals, format);
  return format.format(value);
}

/** The mean (or other value) of a sample in `unit`, rounded to what the trials support; without the unit. */
export function inUnit(value: number, sample: Sample, { divisor }: Unit): string {
  const half = uncertainty(sample);
  return rounded(value / divisor, half === null ? null : half / divisor);
}

/** One value with the unit that suits it, to 2 significant digits or as `half` allows. */
export function withUnit(kind: keyof typeof UNITS, value: number, half: number | null = null): string {
  const inThe = ({ unit, divisor }: Unit) => `${rounded(value / divisor, half === null ? null : half / divisor)} ${unit}`;
  const chosen = unitFor(kind, [value]);
  const text = inThe(chosen);
  // 999.6 ms is rounded to 1,000 ms: that is 1.0 s.
  const larger: Unit | undefined = UNITS[kind].find(({ divisor }) => divisor > chosen.divisor);
  return larger !== undefined && text.startsWith('1,000 ') ? inThe(larger) : text;
}

/** A fraction as whole percent; below half of one it says so. */
export function percent(fraction: number): string {
  const whole = Math.round(fraction * 100);
  return whole === 0 && fraction > 0 ? '<1 %' : `${whole} %`;
}

/** "1 event", "1,024 events". */
export function events(count: number): string {
  return `${grouped(count, 0)} event${count === 1 ? '' : 's'}`;
}
