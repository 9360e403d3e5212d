import type { Caveat } from '../caveats.ts';
import { NO_NEEDS } from '../recommend/needs.ts';
import { survivalOf } from '../recommend/words.ts';
import type { GroupSummary } from '../statistics/summary.ts';
import { GroupAnswer, type PageGroup } from './answer.ts';
import { html, type Markup, markupOf } from './html.ts';
import { limitsPanel } from './limits-panel.ts';

/** The answer, the limits it is for, what it rests on, and a line on every backend. The page's script makes it anew when a limit moves. */
export function decisionCard(group: GroupSummary, page: PageGroup, caveats: readonly Caveat[]): Markup {
  const { answer, standings } = new GroupAnswer(page).elements(NO_NEEDS);
  const contract = `By default the working state need${group.need === 'volatile' ? ' not survive: recovery comes from the checkpoint' : ` survive: ${survivalOf(group.need)}`}.`;
  return html`<div class="card decision" data-answer="${page.prefix}"><div class="answer" aria-live="polite">${answer.map(markupOf)}</div>
<div class="limits">${page.limitsAt === 'right' ? html`${limitsPanel([page.contest])}<p class="on-paper">My limits: <span data-needs-line>none</span></p>` : html`<p class="needs" data-needs-script hidden><a href="#limits">My limits</a>: <span data-needs-line>none</span></p>`}<h2>What this rests on</h2><ul><li>${contract}</li>${caveats.map(({ tone, text }) => html`<li class="${tone}">${text}</li>`)}</ul></div>
<ul class="standings">${standings.map(markupOf)}</ul></div>`;
}
