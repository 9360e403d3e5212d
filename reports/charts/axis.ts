/** Where an axis begins and ends, and which values it names. */
export interface Extent {
  readonly type: 'log' | 'linear';
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  /** Said with the axis title: " (log)" or nothing. */
  readonly note: string;
}

const DECADE = 10;

/** Logarithmic where positive values span more than a decade, else linear from zero. At most `most` ticks. */
export function extentOf(values: readonly number[], most: number): Extent {
  const positive = values.filter((value) => value > 0);
  const max = Math.max(...positive, Number.MIN_VALUE);
  const min = Math.min(...positive, max);
  return positive.length === values.length && max / min > DECADE ? logExtent(min, max, most) : linearExtent(max, most);
}

/** A linear axis from 0 that holds `max`. */
export function linearExtent(max: number, most: number): Extent {
  const wanted = max > Number.MIN_VALUE ? max : 1;
  const rough = wanted / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const count = Math.ceil(wanted / step - 1e-9);
  return {
    type: 'linear',
    domain: [0, wanted * 1.04],
    ticks: Array.from({ length: count + 1 }, (_, i) => i * step).filter((tick) => tick <= wanted * 1.04),
    note: '',
  };
}

/** A logarithmic axis that holds `min` and `max` with some air. */
export function logExtent(min: number, max: number, most: number): Extent {
  const domain = [min / 1.35, max * 1.35] as const;
  const powers = Array.from({ length: 40 }, (_, i) => i - 14);
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = powers
      .flatMap((power) => steps.map((step) => Number(`${step}e${power}`)))
      .filter((tick) => tick >= domain[0] && tick <= domain[1]);
    if (ticks.length <= most) return { type: 'log', domain, ticks, note: ' (log)' };
  }
  const every = powers.filter((power) => power % 2 === 0).map((power) => 10 ** power);
  return { type: 'log', domain, ticks: every.filter((tick) => tick >= domain[0] && tick <= domain[1]), note: ' (log)' };
}

/** Position of `value` in pixels on an axis `length` pixels long. */
export function toPixel({ type, domain: [low, high] }: Extent, length: number, value: number): number {
  return type === 'log' ? (Math.log(value / low) / Math.log(high / low)) * length : ((value - low) / (high - low)) * length;
}

/** The value at `pixel`: the inverse of {@link toPixel}. */
export function fromPixel({ type, domain: [low, high] }: Extent, length: number, pixel: number): number {
  return type === 'log' ? low * (high / low) ** (pixel / length) : low + (pixel / length) * (high - low);
}

/** The scale part of an encoding: the domain is whole, nothing is added to it. */
export function scaleOf({ type, domain: [low, high] }: Extent): { type: Extent['type']; domain: number[]; nice: false } {
  return { type, domain: [low, high], nice: false };
}

/** How ticks are written: as they are, whatever vega would round them to. */
export const TICK_LABEL = "format(datum.value, ',~f')";
