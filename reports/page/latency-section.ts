import { nameOf } from '../decision.ts';
import { bracketText, LATENCY_NOTE, latencyTable, pacedCells } from '../latency-table.ts';
import { plainText } from '../plain-text.ts';
import type { GroupSummary } from '../statistics/summary.ts';
import { tableOf } from './figure.ts';
import { html, type Markup } from './html.ts';

/**
 * Latency by load, and the rate that each backend sustains; null where no open loop was run.
 * @param isShort only the usual load
 */
export function latencySection(group: GroupSummary, id: string, isShort: boolean): Markup | null {
  const table = latencyTable(group, isShort);
  if (table === null) return null;
  const columns = ['Backend', 'Sustained rate, passed to failed'].map((title) => ({ key: title, title }));
  const rates = { columns, rows: pacedCells(group).map((cell) => [plainText(nameOf(cell)), bracketText(cell)]) };
  return html`<section id="${id}"><h2>Latency by load</h2><p class="lead">${LATENCY_NOTE} Window latency: from when the last event of a window was due until its row is emitted, the watermark's delay included. The sustained rate is bracketed by the greatest rate at which no backlog grew and the least at which one did.</p><div class="card"><div class="scroll" tabindex="0" role="region" aria-label="Sustained rates">${tableOf(rates)}</div></div><div class="card"><div class="scroll" tabindex="0" role="region" aria-label="Latency by load">${tableOf(table)}</div></div></section>
`;
}
