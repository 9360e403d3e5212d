import type { Look } from '../charts/look.ts';
import { nameOf, outputMark } from '../decision.ts';
import { plainText } from '../plain-text.ts';
import { rounded, uncertainty, unitFor } from '../quantity.ts';
import { NO_NEEDS } from '../recommend/needs.ts';
import { headlineOf } from '../recommend/words.ts';
import { Recommender } from '../recommend.ts';
import { alternativesIn, type CellSummary, type GroupSummary, isFlink, throughputOf } from '../statistics/summary.ts';
import type { PageGroup } from './answer.ts';
import { swatch } from './figure.ts';
import { html, type Markup } from './html.ts';
import { limitsPanel } from './limits-panel.ts';

/** A group with its name and what the page carries of it. */
export interface Named {
  readonly name: string;
  readonly group: GroupSummary;
  readonly page: PageGroup;
}

/** With several groups: every answer at a glance, and every backend on every workload, with the limits for all of them. */
export function overview(groups: readonly Named[], looks: ReadonlyMap<string, Look>): Markup {
  const backends = [
    ...new Set(groups.flatMap(({ group }) => group.candidates.filter(({ isTwin }) => !isTwin).map(({ cell }) => cell.backend.name))),
  ];
  const row = ({ name, group, page }: Named) => {
    const unit = unitFor(
      'rate',
      group.candidates.flatMap((cell) => throughputOf(cell) ?? []),
    );
    const cells = backends.map((backend) => {
      const place = group.candidates.findIndex(({ cell }) => cell.backend.name === backend);
      const cell = group.candidates[place];
      return cell === undefined
        ? html`<td><span class="none">–</span></td>`
        : matrixCell(cell, place, alternativesIn(group).includes(cell) ? page : null, unit.divisor);
    });
    return html`<tr><th scope="row" class="l"><a href="#${page.prefix}">${name}</a><small>${unit.unit}</small></th><td class="l use"><b data-headline="${page.prefix}">${headlineOf(new Recommender(page.contest).recommend(NO_NEEDS))}</b></td>${cells}</tr>`;
  };
  const heads = backends.map((name) => {
    const look = looks.get(name)!;
    return html`<th scope="col">${swatch(look.shape, look.color)}${plainText(name)}</th>`;
  });
  return html`<section id="answers"><h2>Answers</h2><p class="lead">One for each workload, checkpoint storage and batch size. In the matrix: throughput, and below it the tier among all that compete, of Flink's state backends among themselves; rows in one tier cannot be told apart by these data. A row is decided by its own figures alone; they are comparable along a row only.</p>
<div class="card limits-above" id="limits"><div class="limits">${limitsPanel(groups.map(({ page }) => page.contest))}</div></div>
<div class="card"><div class="scroll" tabindex="0" role="region" aria-label="Every backend on every workload"><table class="matrix"><thead><tr><th scope="col" class="l">Workload</th><th scope="col" class="l">Use</th>${heads}</tr></thead><tbody>${groups.map(row)}</tbody></table></div></div></section>`;
}

function matrixCell(cell: CellSummary, place: number, page: PageGroup | null, divisor: number): Markup {
  const { standing, tier, metrics } = cell;
  const mean = throughputOf(cell);
  const half = metrics.eventsPerSecond === null ? null : uncertainty(metrics.eventsPerSecond);
  const figure = mean === null || standing === 'wrong' ? '–' : rounded(mean / divisor, half === null ? null : half / divisor);
  const below = standing === 'correct' ? (tier === null ? '' : `tier ${tier}${isFlink(cell) ? ' of Flink' : ''}`) : outputMark(cell);
  const outcome = standing !== 'correct' ? 'out' : tier === 1 ? 'picked' : 'passes';
  return html`<td${page === null ? null : html` data-matrix="${page.prefix}" data-place="${place}"`} data-outcome="${outcome}" title="${nameOf(cell)}"><span class="mark" aria-hidden="true"></span> ${figure}<small class="${standing === 'correct' ? '' : 'bad'}">${below}</small></td>`;
}
