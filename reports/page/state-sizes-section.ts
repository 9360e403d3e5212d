import type { Plan } from '../../harness/results.ts';
import { costCharts } from '../charts/cost-over-size.ts';
import type { Look } from '../charts/look.ts';
import { sizeChart, sizeRows } from '../charts/throughput-over-size.ts';
import { plainText } from '../plain-text.ts';
import { crossingSentence, SCALING_NOTE, scalingTable } from '../scaling-table.ts';
import { crossingsOf } from '../statistics/scaling.ts';
import { levelOf } from '../statistics/sequential.ts';
import { type StateSizes, stateSizesOf } from '../statistics/state-sizes.ts';
import type { RunSummary } from '../statistics/summary.ts';
import { figureOf, tableOf } from './figure.ts';
import { html, type Markup } from './html.ts';

/** Only where a run has one workload with several numbers of keys. */
export async function stateSizesSection(run: RunSummary, plan: Plan, looks: ReadonlyMap<string, Look>, id: string): Promise<Markup | null> {
  const charts = stateSizesOf(run).flatMap((sizes) => {
    const rows = sizeRows(sizes, looks);
    return rows.length === 0 ? [] : [sizeChart(sizes, rows, crossingsOf(sizes, levelOf(plan.profile)))];
  });
  if (charts.length === 0) return null;
  const growths: Markup[] = [];
  for (const sizes of stateSizesOf(run)) growths.push(await growthOf(sizes, plan, looks));
  return html`<section id="${id}"><h2>State size</h2><p class="lead">The same workload with more and more keys. A size is what was found in the store, by reading it at the end of the measured part.</p>${await Promise.all(charts.map((chart) => figureOf(chart)))}${growths}</section>
`;
}

/** How costs grow with the state, and where backends change places. */
async function growthOf(sizes: StateSizes, { profile }: Plan, looks: ReadonlyMap<string, Look>): Promise<Markup> {
  const crossings = crossingsOf(sizes, levelOf(profile)).map((crossing) => html`<p>${crossingSentence(crossing)}</p>`);
  const table = scalingTable(sizes);
  if (table.rows.length === 0) return html``;
  const charts = await Promise.all(costCharts(sizes, looks).map((chart) => figureOf(chart)));
  return html`<h3>How costs grow: ${plainText(sizes.name)}</h3>${crossings}<p>${SCALING_NOTE}</p><div class="grid">${charts}</div><div class="card"><div class="scroll" tabindex="0" role="region" aria-label="How costs grow with the state">${tableOf(table)}</div></div>`;
}
