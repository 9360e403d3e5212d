import { type Contest, CRITERIA, type Criterion, type CriterionName, DURABILITIES } from '../recommend/contest.ts';
import { survivalOf } from '../recommend/words.ts';
import { html, type Markup } from './html.ts';

/** Limits that are always at hand; the others are folded away. */
const FIRST: readonly CriterionName[] = ['throughput', 'p99', 'recovery', 'rss'];
/** The range of recovery's slider, ms. */
const RECOVERY_MS = [150, 400_000];
const MOST_STOPS = 60;
const STEPS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];

/** The limits as controls: a slider for every figure that was measured, what must survive, whether a server may run. */
export function limitsPanel(contests: readonly Contest[]): Markup {
  const isKilled = contests.some(({ contenders }) =>
    contenders.some(({ recoveries }) => recoveries === null || (recoveries ?? []).length > 0),
  );
  const measured = CRITERIA.flatMap((criterion) => {
    const values = contests
      .flatMap(({ contenders }) => contenders.flatMap((one) => one.values[criterion.name] ?? []))
      .filter((value) => value !== null);
    // What recovery comes to depends on the two fields below: its stops are fixed.
    const stops = criterion.name === 'recovery' ? (isKilled ? stopsFor(RECOVERY_MS) : []) : stopsFor(values);
    return stops.length === 0 ? [] : [{ criterion, stops }];
  });
  const of = (isFirst: boolean) => measured.filter(({ criterion }) => FIRST.includes(criterion.name) === isFirst).map(slider);
  const served = contests.some(({ contenders }) => contenders.some((one) => one.served));
  const more = of(false);
  return html`<div class="needs controls" role="group" data-needs-script hidden aria-label="My limits"><h2>My limits</h2>${of(true)}
${isKilled ? recoveryFields() : null}<label class="need"><span>Must survive</span><select data-need="durability">${DURABILITIES.map((name) => html`<option value="${name}">${survivalOf(name)}</option>`)}</select></label>
${served ? html`<label class="need tick"><span>A server may run</span><input type="checkbox" data-need="servers" checked></label>` : null}
${more.length === 0 ? null : html`<details><summary>More limits</summary>${more}</details>`}
<p class="buttons"><button type="button" data-needs-reset>No limits</button><button type="button" data-needs-link>Copy link</button></p><p class="unread" role="status" hidden></p></div>`;
}

/** What recovery is predicted for. */
function recoveryFields(): Markup {
  return html`<label class="need"><span>Checkpoint every</span><input type="text" data-circumstance="interval" placeholder="1min" spellcheck="false" size="8"></label>
<label class="need"><span>Input, events/s</span><input type="text" data-circumstance="input" placeholder="such as 50k" spellcheck="false" size="8"></label>
`;
}

function slider({ criterion, stops }: { readonly criterion: Criterion; readonly stops: readonly number[] }): Markup {
  const { name, title, better } = criterion;
  const label = name === 'throughput' ? 'Events/s' : /^p\d/.test(title) ? title : `${title.charAt(0).toUpperCase()}${title.slice(1)}`;
  // "any" is where the limit is loosest: on the left for what should be much, on the right for what should be little.
  const values = better === 'more' ? ['', ...stops] : [...stops, ''];
  const at = better === 'more' ? 0 : stops.length;
  return html`<label class="need"><span>${label}</span><input type="range" min="0" max="${stops.length}" step="1" value="${at}" data-criterion="${name}" data-better="${better}" data-stops="${values.join(' ')}" aria-valuetext="any"><output>any</output></label>`;
}

/** Round values from a little below the least to a little above the most of `values`. */
function stopsFor(values: readonly number[]): readonly number[] {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return [];
  const least = Math.min(...positive) / 1.5;
  const most = Math.max(...positive) * 1.5;
  const decades = Array.from({ length: Math.ceil(Math.log10(most / least)) + 2 }, (_, i) => Math.floor(Math.log10(least)) + i);
  const all = decades.flatMap((power) => STEPS.map((step) => Number(`${step}e${power}`))).filter((stop) => stop >= least && stop <= most);
  if (all.length <= MOST_STOPS) return all;
  return all.filter((stop) => [1, 2, 5].includes(Math.round(stop / 10 ** Math.floor(Math.log10(stop) + 1e-9))));
}
