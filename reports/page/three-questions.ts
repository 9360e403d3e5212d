import type { MicroResults } from '../../harness/results.ts';
import type { Look } from '../charts/look.ts';
import { plainText } from '../plain-text.ts';
import { answersOf, askedOf, elsewhere, QUESTIONS } from '../recommend/three-questions.ts';
import type { GroupSummary } from '../statistics/summary.ts';
import { swatch } from './figure.ts';
import { html, type Markup } from './html.ts';

/** Performance, reliability and what the backend does with its state, of each, in a few words with the measurements behind them. */
export function threeQuestions(group: GroupSummary, looks: ReadonlyMap<string, Look>, micro: MicroResults | null): Markup {
  const rows = askedOf(group);
  const row = (cell: GroupSummary['candidates'][number]) => {
    const look = looks.get(cell.cell.backend.name)!;
    const answers = answersOf(cell, micro).map(
      ({ question, statements }) =>
        html`<td class="l" data-label="${question}"><ul>${statements.map((statement) => html`<li>${statement}</li>`)}</ul></td>`,
    );
    return html`<tr><th scope="row" class="l">${swatch(look.shape, look.color)}${plainText(cell.cell.backend.name)}</th>${answers}</tr>`;
  };
  if (rows.length === 0) return html``;
  return html`<details class="questions"><summary>Three questions, backend by backend: ${QUESTIONS.map((question) => question.toLowerCase()).join(', ')}</summary><div class="scroll" tabindex="0" role="region" aria-label="Three questions"><table><thead><tr><th scope="col" class="l">Backend</th>${QUESTIONS.map((question) => html`<th scope="col" class="l">${question}</th>`)}</tr></thead><tbody>${rows.map(row)}</tbody></table></div><p>${elsewhere(micro)}</p></details>`;
}
