import { plainText } from '../plain-text.ts';
import { grouped, percent, rounded, unitFor, withUnit } from '../quantity.ts';
import { fitted, POOR } from '../statistics/growth.ts';
import { CLAIMS, type Claim, type Scaling, scalingsOf } from '../statistics/scaling.ts';
import type { StateSizes } from '../statistics/state-sizes.ts';
import { logExtent, scaleOf, TICK_LABEL } from './axis.ts';
import { type BackendRow, backendRow } from './backend-axis.ts';
import { type Chart, frame } from './chart.ts';
import { endLabels, endLabelsWidth, LABEL_HEIGHT } from './end-labels.ts';
import type { Look } from './look.ts';

/** How far beyond what was measured a fit is drawn, dashed and shaded. */
const BEYOND = 4;
/** Points of a drawn fit. */
const STEPS = 24;
const MARGIN = { left: 66, top: 26, bottom: 44 };

/** A chart for each cost of which some backend has figures at several sizes. */
export function costCharts(sizes: StateSizes, looks: ReadonlyMap<string, Look>): readonly Chart[] {
  const all = scalingsOf(sizes);
  return CLAIMS.flatMap((claim) => {
    const own = all.filter((scaling) => scaling.claim.quantity === claim.quantity);
    return own.length === 0 ? [] : [costChart(claim, own, plainText(sizes.name), looks)];
  });
}

interface CostLine extends BackendRow {
  readonly scaling: Scaling;
}

/** A cost over the size of the state, both logarithmic, with the growth that fits best. */
function costChart(claim: Claim, scalings: readonly Scaling[], name: string, looks: ReadonlyMap<string, Look>): Chart {
  const lines = scalings.map((scaling): CostLine => {
    const row = backendRow({ cell: { id: scaling.backend, backend: { name: scaling.backend } } }, looks);
    return { ...row, label: `${row.label}${isDrawn(scaling) ? ` ${scaling.best!.growth}` : ''}`, scaling };
  });
  const inMs = claim.unit === 'ns' ? 1e-6 : 1;
  const unit = unitFor(
    'time',
    scalings.flatMap(({ points }) => points.map(({ y }) => y * inMs)),
  );
  const scale = inMs / unit.divisor;
  const most = Math.max(...scalings.flatMap(({ points }) => points.map(({ n }) => n)));
  const least = Math.min(...scalings.flatMap(({ points }) => points.map(({ n }) => n)));
  const points = lines.flatMap(({ scaling, ...row }) => scaling.points.map(({ n, y }) => ({ ...row, n, y: y * scale })));
  const curve = ({ scaling, ...row }: CostLine, from: number, to: number) =>
    Array.from({ length: STEPS + 1 }, (_, i) => {
      const n = from * (to / from) ** (i / STEPS);
      return { ...row, n, y: fitted(scaling.best!, n) * scale };
    }).filter(({ y }) => y > 0);
  const drawn = lines.filter(({ scaling }) => isDrawn(scaling));
  const within = drawn.flatMap((line) => curve(line, line.scaling.points[0]!.n, most));
  const beyond = drawn.flatMap((line) => curve(line, most, most * BEYOND));
  const size = (n: number) => (claim.over === 'entries' ? grouped(n, 0) : withUnit('bytes', n));
  const over = claim.over === 'entries' ? 'entries in the store' : 'bytes of keys and values';
  return {
    title: `${claim.title.charAt(0).toUpperCase()}${claim.title.slice(1)} over state size, ${name}`,
    note: `${unit.unit} over ${over}, both on a log scale; claimed: ${claim.growth}; lines are the best fit${drawn.length < lines.length ? `, drawn where it misses at most ${percent(POOR)}` : ''}; shaded: not measured`,
    description: `Claimed of ${claim.title}: ${claim.growth}. ${lines
      .map(({ scaling }) => {
        const [first, last] = [scaling.points[0]!, scaling.points.at(-1)!];
        const grows = isDrawn(scaling) ? `, best fit ${scaling.best!.growth}` : ', no fit';
        return `${plainText(scaling.backend)}: ${rounded(first.y * scale, null)} ${unit.unit} with ${size(first.n)}, ${rounded(last.y * scale, null)} with ${size(last.n)}${grows}.`;
      })
      .join(' ')}`,
    table: {
      columns: [
        { key: 'backend', title: 'Backend' },
        { key: 'size', title: claim.over === 'entries' ? 'Entries' : 'Keys and values' },
        { key: 'cost', title: `Measured, ${unit.unit}` },
        { key: 'fit', title: `Best fit, ${unit.unit}` },
      ],
      rows: lines.flatMap(({ scaling }) =>
        scaling.points.map(({ n, y }) => [
          plainText(scaling.backend),
          size(n),
          rounded(y * scale, null),
          isDrawn(scaling) ? rounded(fitted(scaling.best!, n) * scale, null) : null,
        ]),
      ),
    },
    legend: [],
    size: 'half',
    spec: (width) => {
      const right = endLabelsWidth(lines.map(({ label }) => label));
      const inner = width - MARGIN.left - right;
      const height = Math.max(250, lines.length * LABEL_HEIGHT + 20);
      const xs = { ...logExtent(least, most, inner > 250 ? 6 : 3), domain: [least / 1.35, most * BEYOND] } as const;
      const shown = [...points, ...within, ...beyond].map(({ y }) => y);
      const ys = logExtent(Math.min(...shown), Math.max(...shown), 7);
      const x = {
        field: 'n',
        type: 'quantitative' as const,
        scale: scaleOf(xs),
        axis: { values: [...xs.ticks], labelExpr: "format(datum.value, '~s')", title: `${over}${xs.note}` },
      };
      const y = {
        field: 'y',
        type: 'quantitative' as const,
        scale: scaleOf(ys),
        axis: { values: [...ys.ticks], labelExpr: TICK_LABEL, title: null },
      };
      const color = { field: 'color', type: 'nominal', scale: null } as const;
      const detail = { field: 'id', type: 'nominal' } as const;
      const ends = lines.map(({ label, color: own, shape, scaling }) => {
        const last = scaling.points.at(-1)!;
        const end = isDrawn(scaling) ? { x: most * BEYOND, y: fitted(scaling.best!, most * BEYOND) } : { x: last.n, y: last.y };
        return { label, color: own, shape, x: end.x, y: end.y * scale };
      });
      return {
        ...frame(width, height + MARGIN.top + MARGIN.bottom, { ...MARGIN, right }),
        data: { values: points },
        layer: [
          {
            data: { values: [{ from: most, to: most * BEYOND }] },
            mark: { type: 'rect', fill: 'var(--soft)', opacity: 0.12 },
            encoding: { x: { field: 'from', type: x.type, scale: x.scale }, x2: { field: 'to' }, y: { value: 0 }, y2: { value: height } },
          },
          { data: { values: within }, mark: { type: 'line', strokeWidth: 1.4 }, encoding: { x, y, color, detail } },
          {
            data: { values: beyond },
            mark: { type: 'line', strokeWidth: 1.2, strokeDash: [4, 3] },
            encoding: { x, y, color, detail },
          },
          {
            mark: { type: 'point', filled: true, size: 56, opacity: 1 },
            encoding: { x, y, color, shape: { field: 'shape', type: 'nominal', scale: null } },
          },
          ...endLabels(ends, { x, y, ys, width: inner, height }),
          {
            data: { values: [{ title: `${unit.unit}${ys.note}` }] },
            mark: { type: 'text', align: 'left', baseline: 'middle', fill: 'var(--soft)', limit: 0 },
            encoding: { x: { value: 2 - MARGIN.left }, y: { value: -16 }, text: { field: 'title', type: 'nominal' } },
          },
        ],
      };
    },
  };
}

/** A poor fit says less than the points. */
function isDrawn({ best, isPoor }: Scaling): boolean {
  return best !== null && !isPoor;
}
