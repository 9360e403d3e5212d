import type { Plan } from '../../harness/results.ts';
import type { Caveat } from '../caveats.ts';
import type { Look } from '../charts/look.ts';
import { decide, nameOf, standingLine } from '../decision.ts';
import { plainText } from '../plain-text.ts';
import type { Phrase } from '../recommend/phrase.ts';
import { survivalOf } from '../recommend/words.ts';
import type { GroupSummary } from '../statistics/summary.ts';
import { swatch } from './figure.ts';
import { html, type Markup } from './html.ts';

/** The answer, what limits it, and a line on every backend. */
export function decisionCard(group: GroupSummary, plan: Plan, caveats: readonly Caveat[], looks: ReadonlyMap<string, Look>): Markup {
  const { recommendation, headline, why, flip } = decide(group, plan);
  const { picks } = recommendation.choice;
  const pinned = `The working state need${group.need === 'volatile' ? ' not survive: recovery comes from the checkpoint. Durability classes stand in the table' : ` survive: ${survivalOf(group.need)}`}.`;
  const flips =
    flip.length === 0
      ? null
      : html`<div class="flip"><b>What would change this</b><ul>${flip.map((phrase) => html`<li>${phraseOf(phrase)}</li>`)}</ul></div>`;
  return html`<div class="card decision"><div class="answer"><p class="kicker">For ${plainText(group.workload.name)} on this machine${picks.length === 0 ? '' : ', by throughput, use'}</p><p class="pick${headline.length > 24 ? ' long' : ''}">${headline}</p><p class="why">${phraseOf(why)}</p>${flips}</div>
<div class="limits"><h3>What this rests on</h3><ul><li>${pinned}</li>${caveats.map(({ tone, text }) => html`<li class="${tone}">${text}</li>`)}</ul></div>
<ul class="standings">${group.candidates.map((cell) => {
    const { tone, mark, detail } = standingLine(cell, group, plan);
    const look = looks.get(cell.cell.backend.name)!;
    return html`<li><b>${swatch(look.shape, look.color)}${nameOf(cell)}</b><span class="${tone}">${mark}</span><span class="detail">${detail}</span></li>`;
  })}</ul></div>`;
}

/** A phrase with its strong parts marked. */
export function phraseOf(phrase: Phrase): Markup {
  return html`${phrase.map((part) => (typeof part === 'string' ? html`${part}` : html`<b>${part.strong}</b>`))}`;
}
