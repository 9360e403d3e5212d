import { type Chart, WIDTHS } from '../charts/chart.ts';
import { drawSvg } from '../charts/draw.ts';
import { SHAPES, type Shape } from '../charts/shapes.ts';
import type { Table } from '../table.ts';
import { html, type Markup, raw } from './html.ts';

/** A chart in its card: drawn for wide pages and for phones (or for wide pages alone, and then it scrolls on a phone), with its description and the numbers behind it. */
export async function figureOf(chart: Chart, widths: 'all' | 'widest' = 'all'): Promise<Markup> {
  const drawn = WIDTHS[chart.size].slice(0, widths === 'all' ? undefined : 1);
  const drawings = await Promise.all(drawn.map(async (width) => raw(await drawSvg(chart.spec(width)))));
  const [wide, narrow] = drawings;
  const drawing =
    narrow === undefined
      ? html`<div${drawn.length < WIDTHS[chart.size].length ? raw(' class="only" tabindex="0"') : null}>${wide!}</div>`
      : html`<div class="wide">${wide!}</div><div class="narrow">${narrow}</div>`;
  const legend =
    chart.legend.length === 0
      ? null
      : html`<ul class="legend">${chart.legend.map(({ label, color }) => html`<li>${swatch('square', color)}${label}</li>`)}</ul>`;
  return html`<div class="card"><figure><figcaption>${chart.title} <span>· ${chart.note}</span></figcaption>${legend}<div class="draw" role="img" aria-label="${chart.description}">${drawing}</div><details><summary>Table and description</summary><p>${chart.description}</p><div class="scroll" tabindex="0" role="region" aria-label="Numbers behind the chart ${chart.title}">${tableOf(chart.table)}</div></details></figure></div>`;
}

const LEFT = html` class="l"`;

/** A plain table; what was not measured is a dash. */
export function tableOf({ columns, rows }: Table): Markup {
  // Text is read from the left, numbers (also written ones) from the right.
  const side = columns.map((_, i) => (rows.every((row) => row[i] === null || /^[\d–]/.test(String(row[i]))) ? null : LEFT));
  return html`<table><thead><tr>${columns.map(({ title }, i) => html`<th scope="col"${side[i] ?? null}>${title}</th>`)}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((value, i) => html`<td${side[i] ?? null}>${value === null ? '–' : typeof value === 'number' ? value.toLocaleString('en-US') : value}</td>`)}</tr>`,
  )}</tbody></table>`;
}

/** The symbol that stands for a backend, or for a part of a bar. Colours are variables of the style sheet. */
export function swatch(shape: Shape, color: string): Markup {
  return html`<svg class="swatch" viewBox="-6 -6 12 12" aria-hidden="true"><path d="${SHAPES[shape]}" fill="${color}"/></svg>`;
}
