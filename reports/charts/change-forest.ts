import type { Table } from '../table.ts';
import { BANDS, type BackendRow, nameLayers, nameWidth } from './backend-axis.ts';
import { type Chart, frame, textWidth } from './chart.ts';

/** What changed in one metric of one backend from one run to the other. */
export interface ChangeRow extends BackendRow {
  /** B / A. */
  readonly ratio: number;
  /** Its interval; both ends at the ratio where there is none. */
  readonly low: number;
  readonly high: number;
  readonly hasInterval: boolean;
  /** "+12 %". */
  readonly change: string;
  /** "slower": where there is room, both stand beside it, else the verdict alone. */
  readonly verdict: string;
  /** A variable of the style sheet. */
  readonly verdictColor: string;
}

/** What a chart of changes is of. */
export interface ChangeTitle {
  /** "Throughput". */
  readonly metric: string;
  /** "95 %". */
  readonly level: string;
  readonly better: 'higher' | 'lower';
  /** The least difference that counts, as a fraction: shaded. */
  readonly margin: number;
  /** Limits of gates, as ratios B / A. */
  readonly limits: readonly { readonly ratio: number; readonly text: string }[];
  /** The numbers behind the chart. */
  readonly table: Table;
  /** The verdicts in words. */
  readonly description: string;
}

const LINE = 26;
/** Below this width, in pixels, there is no room for figures beside the bars. */
const ROOMY = 400;
const MARGIN = { top: 8, bottom: 44, right: 12 };

/** Changes with their intervals, a line a backend, around "no change" (a forest plot); the axis is logarithmic, so that half and double stand equally far. */
export function changeChart(rows: readonly ChangeRow[], title: ChangeTitle): Chart {
  const hasIntervals = rows.some(({ hasInterval }) => hasInterval);
  const gates = title.limits.length === 0 ? '' : `; dashed: ${title.limits.map(({ text }) => text).join(', ')}`;
  return {
    title: title.metric,
    note: `change of B against A, ${title.better} is better; ${hasIntervals ? `bars: ${title.level} interval` : 'too few blocks for intervals'}; shaded: ± ${title.margin * 100} %${gates}`,
    description: title.description,
    table: title.table,
    legend: [],
    size: 'half',
    spec: (width) => {
      const left = nameWidth(rows);
      const said = rows.map((row) => ({ ...row, said: width > ROOMY ? `${row.change} ${row.verdict}` : row.verdict }));
      const right = Math.max(...said.map((row) => textWidth(row.said))) + MARGIN.right;
      const inner = width - left - right;
      const axis = changeAxis(
        rows.flatMap(({ low, high }) => [low, high]).concat(title.limits.map(({ ratio }) => ratio)),
        title.margin,
        inner,
      );
      const height = rows.length * LINE;
      const scale = { type: 'log' as const, domain: [...axis.domain], nice: false as const };
      const x = { field: 'ratio', type: 'quantitative' as const, scale };
      const color = { field: 'color', type: 'nominal', scale: null } as const;
      return {
        ...frame(width, height + MARGIN.top + MARGIN.bottom, { left, right, top: MARGIN.top, bottom: MARGIN.bottom }),
        data: { values: said },
        layer: [
          {
            data: { values: [{ from: 1 / (1 + title.margin), to: 1 + title.margin }] },
            mark: { type: 'rect', fill: 'var(--accent)', opacity: 0.1 },
            encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' }, y: { value: 0 }, y2: { value: height } },
          },
          {
            data: { values: [{ ratio: 1 }] },
            mark: { type: 'rule', stroke: 'var(--soft)', strokeWidth: 1.2 },
            encoding: { x, y: { value: 0 }, y2: { value: height } },
          },
          {
            data: { values: title.limits.map(({ ratio }) => ({ ratio })) },
            mark: { type: 'rule', stroke: 'var(--bad)', strokeWidth: 1.2, strokeDash: [4, 3] },
            encoding: { x, y: { value: 0 }, y2: { value: height } },
          },
          {
            mark: { type: 'rule', strokeWidth: 3, strokeCap: 'round', opacity: 0.7 },
            encoding: { y: BANDS, x: { ...x, field: 'low' }, x2: { field: 'high' }, color },
          },
          {
            mark: { type: 'point', filled: true, size: 64, opacity: 1 },
            encoding: {
              y: BANDS,
              x: {
                ...x,
                axis: {
                  values: axis.ticks.map(({ ratio }) => ratio),
                  labelExpr: labelExpression(axis.ticks),
                  title: 'B against A (log)',
                },
              },
              color,
              shape: { field: 'shape', type: 'nominal', scale: null },
            },
          },
          {
            mark: { type: 'text', align: 'right', baseline: 'middle', limit: 0 },
            encoding: {
              y: BANDS,
              x: { value: inner + right - 2 },
              text: { field: 'said', type: 'nominal' },
              color: { field: 'verdictColor', type: 'nominal', scale: null },
            },
          },
          ...nameLayers(rows, left),
        ],
      };
    },
  };
}

interface ChangeTick {
  readonly ratio: number;
  readonly label: string;
}

const percents = (...steps: readonly number[]): readonly ChangeTick[] => [
  ...steps.toReversed().map((step) => ({ ratio: 1 - step / 100, label: `−${step} %` })),
  { ratio: 1, label: '0' },
  ...steps.map((step) => ({ ratio: 1 + step / 100, label: `+${step} %` })),
];

const factors = (...steps: readonly number[]): readonly ChangeTick[] => [
  ...steps.toReversed().map((step) => ({ ratio: 1 / step, label: `÷ ${step.toLocaleString('en-US')}` })),
  { ratio: 1, label: '× 1' },
  ...steps.map((step) => ({ ratio: step, label: `× ${step.toLocaleString('en-US')}` })),
];

/** Finest first: percent while changes are small, factors beyond. */
const LADDERS: readonly (readonly ChangeTick[])[] = [
  percents(1, 2, 3, 4, 5, 6),
  percents(2, 4, 6, 8, 10),
  percents(5, 10, 15, 20),
  percents(5, 10, 20),
  percents(10, 20, 30, 40),
  percents(10, 25, 50),
  percents(25, 50),
  factors(1.5, 2, 3, 5, 8),
  factors(2, 4, 8),
  factors(2, 5, 10, 20, 50, 100),
  factors(3, 10, 30, 100, 300, 1000),
  factors(10, 100, 1000, 10_000, 100_000),
  factors(100, 10_000, 1e6, 1e8),
  factors(1e6, 1e12, 1e18),
];

const TICK_GAP = 6;

/** An axis of ratios around 1 that holds `ratios` and the margin, with ticks whose labels have room beside one another in `width` pixels. */
export function changeAxis(
  ratios: readonly number[],
  margin: number,
  width: number,
): { readonly domain: readonly [number, number]; readonly ticks: readonly ChangeTick[] } {
  const shown = ratios.concat(1 / (1 + margin), 1 + margin);
  const air = (Math.max(...shown) / Math.min(...shown)) ** 0.04;
  const domain = [Math.min(...shown) / air, Math.max(...shown) * air] as const;
  const perLog = width / Math.log(domain[1] / domain[0]);
  const farthest = Math.max(domain[1], 1 / domain[0]);
  const suits = LADDERS.map((ladder) => ({
    isLong: ladder.at(-1)!.ratio ** 2 >= farthest,
    ticks: ladder.filter(({ ratio }) => ratio >= domain[0] && ratio <= domain[1]),
  })).find(
    ({ isLong, ticks }) =>
      isLong &&
      ticks.slice(1).every(({ ratio, label }, i) => {
        const before = ticks[i]!;
        return Math.log(ratio / before.ratio) * perLog >= (textWidth(label) + textWidth(before.label)) / 2 + TICK_GAP;
      }),
  );
  return { domain, ticks: suits?.ticks ?? [{ ratio: 1, label: '× 1' }] };
}

/** Labels that no number format has, by the tick's place. Nothing in it comes from results. */
function labelExpression(ticks: readonly ChangeTick[]): string {
  return ticks.reduceRight((otherwise, { ratio, label }) => `abs(datum.value / ${ratio} - 1) < 1e-6 ? '${label}' : ${otherwise}`, "''");
}
