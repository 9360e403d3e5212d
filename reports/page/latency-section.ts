import { type Spectra, spectraByLoad, spectraInCommon, spectrumChart } from '../charts/latency-spectrum.ts';
import type { Look } from '../charts/look.ts';
import { nameOf } from '../decision.ts';
import { bracketText, LATENCY_NOTE, latencyTable, pacedCells } from '../latency-table.ts';
import { plainText } from '../plain-text.ts';
import type { GroupSummary } from '../statistics/summary.ts';
import { figureOf, tableOf } from './figure.ts';
import { html, type Markup } from './html.ts';

/**
 * Latency by percentile and by load, and the rate that each backend sustains; null where no open loop was run.
 * @param isShort only the usual load, and one drawing
 */
export async function latencySection(
  group: GroupSummary,
  looks: ReadonlyMap<string, Look>,
  id: string,
  isShort: boolean,
): Promise<Markup | null> {
  const table = latencyTable(group, isShort);
  if (table === null) return null;
  const columns = ['Backend', 'Sustained rate, passed to failed'].map((title) => ({ key: title, title }));
  const rates = { columns, rows: pacedCells(group).map((cell) => [plainText(nameOf(cell)), bracketText(cell)]) };
  const common = spectraInCommon(pacedCells(group), looks);
  const draw = (spectra: readonly Spectra[]) => Promise.all(spectra.map((one) => figureOf(spectrumChart(one), isShort ? 'widest' : 'all')));
  const together = await draw(isShort ? common.slice(0, 1) : common);
  const byLoad = isShort ? [] : await draw(pacedCells(group).flatMap((cell) => spectraByLoad(cell, looks) ?? []));
  const spectra = html`${together.length === 0 ? null : html`<div class="grid">${together}</div>`}${
    byLoad.length === 0
      ? null
      : html`<h3>Each backend by load</h3><p class="lead">Percent are of the rate that it sustains; other figures are rates in common. Loads at which the driver itself was late are not drawn.</p><div class="thirds">${byLoad}</div>`
  }`;
  return html`<section id="${id}"><h2>Latency</h2><p class="lead">${LATENCY_NOTE} Window latency: from when the last event of a window was due until its row is emitted, the watermark's delay included. The sustained rate is bracketed by the greatest rate at which no backlog grew and the least at which one did.</p>${spectra}<h3>Sustained rates</h3><div class="card"><div class="scroll" tabindex="0" role="region" aria-label="Sustained rates">${tableOf(rates)}</div></div><details><summary>Latency by load: every backend, in figures</summary><div class="scroll" tabindex="0" role="region" aria-label="Latency by load">${tableOf(table)}</div></details></section>
`;
}
