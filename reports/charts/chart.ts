import type { TopLevelSpec } from 'vega-lite';
import type { Table } from '../table.ts';

/** A chart as the page needs it: what it is called, what it says in words, the numbers behind it, and how to draw it. */
export interface Chart {
  readonly title: string;
  /** One line under the title: what is on the axes, of which trials, on which scale. */
  readonly note: string;
  /** The chart in a sentence or two, for those who do not see it. */
  readonly description: string;
  readonly table: Table;
  /** What colours mean where no label can stand beside them. */
  readonly legend: readonly { readonly label: string; readonly color: string }[];
  /** The share of the page's width it takes: all, a half or a third. */
  readonly size: 'full' | 'half' | 'third';
  /** Draws it `width` pixels wide. Text from results stands in `data.values` only. */
  readonly spec: (width: number) => TopLevelSpec;
}

/** Widths at which a chart of each size is drawn: on a wide page, and on a phone. */
export const WIDTHS = { full: [1040, 316], half: [490, 316], third: [316] } as const satisfies Record<Chart['size'], readonly number[]>;

const TEXT = { font: 'system-ui, sans-serif', fontSize: 11 };

/** Settings shared by all charts. Colours are variables of the page, so that one drawing serves both themes. */
export const CONFIG = {
  aria: false,
  background: 'transparent',
  font: TEXT.font,
  view: { stroke: 'transparent' },
  axis: {
    labelFontSize: TEXT.fontSize,
    labelColor: 'var(--soft)',
    labelLimit: 0,
    labelFlush: false,
    labelOverlap: false,
    titleFontSize: TEXT.fontSize,
    titleFontWeight: 'normal',
    titleColor: 'var(--soft)',
    gridColor: 'var(--line)',
    domain: false,
    ticks: false,
    labelPadding: 6,
    titlePadding: 8,
  },
  text: { fontSize: TEXT.fontSize },
} as const satisfies TopLevelSpec['config'];

/** Outer size to inner size: what a spec needs so that nothing is laid out by guessed text widths. */
export function frame(
  width: number,
  height: number,
  margin: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number },
) {
  return {
    width: width - margin.left - margin.right,
    height: height - margin.top - margin.bottom,
    padding: margin,
    autosize: { type: 'none' },
    config: CONFIG,
  } as const satisfies Partial<TopLevelSpec>;
}

/** Width in pixels that `text` takes at most, in the charts' font; generous, since fonts differ. */
export function textWidth(text: string): number {
  return [...text].reduce((sum, character) => sum + (/[\u2E80-\u{10FFFF}mwMW@%…]/u.test(character) ? 11 : 6.4), 0);
}
