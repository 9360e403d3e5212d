import { backendRow } from '../charts/backend-axis.ts';
import { type ChangeRow, changeChart } from '../charts/change-forest.ts';
import { type Look, looksOf } from '../charts/look.ts';
import { toCsv, toMarkdown } from '../export.ts';
import { figureOf, swatch, tableOf } from '../page/figure.ts';
import { pageOf } from '../page/frame.ts';
import { html, type Markup } from '../page/html.ts';
import { pretty, saveButtons, savedData, zipped } from '../page/saved-files.ts';
import { plainText } from '../plain-text.ts';
import { MARGIN } from '../statistics/verdict.ts';
import type { ComparedCell, ComparedGroup, GateResult, RunComparison } from './compare-runs.ts';
import { COMPARED_METRICS, type ComparedMetric } from './compared-metrics.ts';
import { comparisonTable } from './comparison-table.ts';
import {
  alarmsOf,
  type ComparedRow,
  changeText,
  comparedTitle,
  figureText,
  gatedMetrics,
  intervalText,
  lettered,
  levelText,
  methodText,
  NOTHING_DIFFERS,
  rowsOf,
  rowsUnit,
  seenText,
  startText,
  toldDifferences,
  toldGates,
  trialsText,
  troubleOf,
  VERDICT_SYMBOL,
  verdictText,
  weightyMetrics,
  wordOf,
} from './comparison-text.ts';

/** With more groups than this, charts are drawn for wide pages only, and none where nothing changed. */
const MANY_GROUPS = 3;

/** Two runs in one HTML file that fetches nothing: what differs beside the figures first, then gates, then every change with its interval. */
export async function renderComparisonPage(compared: RunComparison): Promise<string> {
  const { a, b, groups } = compared;
  const looks = looksOf({
    cells: groups.flatMap(({ cells }) => cells.map(({ role, backend }) => ({ role, backend: { name: backend } }))),
  });
  const articles: Markup[] = [];
  for (const [index, group] of groups.entries()) articles.push(await groupArticle(group, index, compared, looks));
  const table = comparisonTable(compared);
  const files = [
    { name: 'comparison.json', base64: zipped(pretty(compared)) },
    { name: 'comparison.csv', base64: zipped(toCsv(table)) },
    { name: 'comparison.md', base64: zipped(toMarkdown(table)) },
  ];
  return pageOf({
    title: `Statebench: ${plainText(b.name)} compared with ${plainText(a.name)}`,
    headline: html`B compared with A: <b>${plainText(b.name)}</b> with <b>${plainText(a.name)}</b>`,
    navigation: html`<a href="#differences">What differs</a>${compared.gates.length === 0 ? null : html`<a href="#gates">Gates</a>`}${groups.map(
      (group, i) => html`<a href="#g${i + 1}">${groups.length === 1 ? 'Changes' : plainText(group.workload)}</a>`,
    )}<a href="#data">Raw data</a>`,
    main: html`${alarmsOf(compared).map((text) => html`<p class="banner" role="alert">${text}</p>`)}${differencesSection(compared)}${gatesSection(compared)}${articles}
<section id="data"><h2>Raw data</h2><p class="lead">${methodText(compared)}</p><div class="buttons" data-needs-script hidden><span>Save:</span>${saveButtons(files)}</div></section>
${savedData(files)}`,
    statebench: b.statebench,
    startedAt: [a.startedAt, b.startedAt],
  });
}

/** Both runs side by side: which they are, and whatever else is not the same. */
function differencesSection(compared: RunComparison): Markup {
  const { a, b, only } = compared;
  const noise = ({ noise: { quiet, amber, red } }: RunComparison['a']) => `${quiet} trials quiet, ${amber} amber, ${red} red`;
  const twice = ({ sameTwice }: RunComparison['a']) =>
    sameTwice.length === 0
      ? 'not measured'
      : sameTwice.map(({ verdict, ratio }) => `${verdict.word}${ratio === null ? '' : `, ${changeText(ratio.ratio)}`}`).join('; ');
  const identity = [
    ['Run', plainText(a.name), plainText(b.name)],
    ['Started, UTC', startText(a), startText(b)],
    ['Profile', `${a.profile}, ${trialsText(a)}`, `${b.profile}, ${trialsText(b)}`],
    ['Command', plainText(a.command), plainText(b.command)],
    ['Noise of the machine', noise(a), noise(b)],
    ['Reference measured twice', twice(a), twice(b)],
  ];
  const told = toldDifferences(compared);
  const row = ([what, one, other]: readonly string[], kind = '', tone = '') =>
    html`<tr><th scope="row" class="l${tone}">${kind === '' ? null : html`<small>${kind}</small>`}${what!}</th><td class="l">${one!}</td><td class="l">${other!}</td></tr>`;
  const alone = lettered(compared).flatMap(([letter]) => {
    const cells = only[letter === 'A' ? 'a' : 'b'];
    return cells.length === 0 ? [] : [html`<p class="below">Only in ${letter}: ${cells.map(plainText).join(', ')}</p>`];
  });
  const lead =
    told.length === 0
      ? NOTHING_DIFFERS
      : 'Any of these may be what moved the figures below; those marked ! make figures mean different things.';
  return html`<section id="differences"><h2>What differs beside the figures</h2><p class="lead">${lead}</p><div class="card"><div class="scroll" tabindex="0" role="region" aria-label="The two runs"><table class="runs"><thead><tr><th scope="col" class="l">Of the run</th><th scope="col" class="l">A</th><th scope="col" class="l">B</th></tr></thead><tbody>${identity.map((cells) => row(cells))}${told.map(
    ({ of, what, a: one, b: other, isMixed, more }) =>
      row([`${what}${more}`, one, other], `${isMixed ? '! ' : ''}${of}`, isMixed ? ' bad' : ''),
  )}</tbody></table></div>${alone}</div></section>
`;
}

const GATE: Readonly<Record<GateResult['state'], string>> = {
  failed: '✕ failed',
  undecided: '? undecided',
  'not-measured': '– not measured',
  passed: '✓ passed',
};

function gatesSection(compared: RunComparison): Markup | null {
  const gates = toldGates(compared);
  if (gates.length === 0) return null;
  const count = (state: GateResult['state']) => gates.filter((one) => one.state === state).length;
  const counts = (['failed', 'undecided', 'not-measured', 'passed'] as const)
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${state.replace('-', ' ')}`);
  const columns = ['Outcome', 'Gate', 'Backend', 'Measured on', 'Interval of the change'].map((title) => ({ key: title, title }));
  const rows = gates.map(({ state, gate, backend, group, seen }) => [
    GATE[state],
    gate,
    backend,
    comparedTitle(group),
    seen === '' ? null : seen,
  ]);
  const failed = gates.filter(({ state }) => state === 'failed');
  const list = html`<ul class="standings">${failed.map(
    ({ gate, backend, group, seen }) =>
      html`<li><b>${backend}</b><span class="bad">${GATE.failed}</span><span class="detail">${gate}: ${seen}${compared.groups.length > 1 ? `, on ${comparedTitle(group)}` : ''}</span></li>`,
  )}</ul>`;
  return html`<section id="gates"><h2>Gates: ${counts.join(', ')}</h2><p class="lead">A gate fails where the whole interval lies beyond its limit, so that noise alone fails none; it is undecided where the limit lies within the interval.</p><div class="card">${failed.length === 0 ? null : list}<details class="pad"><summary>Every gate on every backend</summary><div class="scroll" tabindex="0" role="region" aria-label="Every gate on every backend">${tableOf({ columns, rows })}</div></details></div></section>
`;
}

async function groupArticle(
  group: ComparedGroup,
  index: number,
  compared: RunComparison,
  looks: ReadonlyMap<string, Look>,
): Promise<Markup> {
  const gated = gatedMetrics(compared, index);
  const weighty = weightyMetrics(group, gated);
  const isLong = compared.groups.length > MANY_GROUPS;
  const others = isLong ? [] : COMPARED_METRICS.filter((metric) => !weighty.includes(metric));
  const draw = async (metrics: readonly ComparedMetric[]) => {
    const drawn: Markup[] = [];
    for (const metric of metrics) {
      const chart = changesOf(metric, group, index, compared, looks);
      if (chart !== null) drawn.push(await figureOf(chart, isLong ? 'widest' : 'all'));
    }
    return drawn;
  };
  const quiet = await draw(others);
  return html`<article id="g${index + 1}"><h2>${comparedTitle(group)}</h2><section><p class="lead"><b>${answerOf(group)}</b></p>${sideBySide(group, looks)}</section>
<section><h2>Changes with their intervals</h2><p class="lead">Throughput, what a gate is on, and whatever changed. Right of the line, B has more of it than A.</p><div class="grid">${await draw(weighty)}</div>${
    quiet.length === 0
      ? null
      : html`<details class="quiet"><summary>Where no change was found: ${others.map(({ title }) => title).join('; ')}</summary><div class="grid">${quiet}</div></details>`
  }</section></article>
`;
}

/** What the figures say, in a sentence or two: throughput of every backend, and which other metrics moved. */
function answerOf(group: ComparedGroup): string {
  const [throughput, ...metrics] = COMPARED_METRICS as readonly [ComparedMetric, ...ComparedMetric[]];
  const candidates = ({ cell }: ComparedRow) => cell.role === 'candidate';
  const rows = rowsOf(throughput, group).filter(candidates);
  const words = (['slower', 'faster', 'equivalent', 'unresolved', 'insufficient'] as const).flatMap((word) => {
    const own = rows.filter(({ value }) => value.verdict.word === word);
    if (own.length === 0) return [];
    const names = own.map(({ cell, value }) => {
      const change = value.ratio === null || (word !== 'slower' && word !== 'faster') ? '' : ` (${changeText(value.ratio.ratio)})`;
      return `${plainText(cell.backend)}${change}`;
    });
    return [`${word}: ${names.join(', ')}`];
  });
  const moved = metrics.flatMap((metric) =>
    rowsOf(metric, group)
      .filter(candidates)
      .filter(({ value: { verdict } }) => verdict.word === 'faster' || verdict.word === 'slower')
      .map(
        ({ cell, value }) =>
          `${metric.title} of ${plainText(cell.backend)} (${changeText(value.ratio!.ratio)}, ${wordOf(metric, value.verdict)})`,
      ),
  );
  const first = words.length === 0 ? 'No throughput can be compared.' : `Throughput ${words.join('; ')}.`;
  return moved.length === 0 ? `${first} Nothing else was found to change.` : `${first} Also changed: ${moved.join(', ')}.`;
}

const TONE = { faster: 'good', slower: 'bad', equivalent: '', unresolved: '', insufficient: '' } as const;

/** A row a backend, a column a metric: the change with its verdict, and the two figures below. */
function sideBySide(group: ComparedGroup, looks: ReadonlyMap<string, Look>): Markup {
  const columns = COMPARED_METRICS.flatMap((metric) => {
    const rows = rowsOf(metric, group);
    return rows.length === 0 ? [] : [{ metric, rows, unit: rowsUnit(metric, rows) }];
  });
  const cellOf = ({ metric, rows, unit }: (typeof columns)[number], cell: ComparedCell) => {
    const label = html` data-label="${metric.title}, ${unit.unit}"`;
    const value = rows.find((row) => row.cell === cell)?.value;
    if (value === undefined) return html`<td${label} data-value=""><span class="none">–</span></td>`;
    const { ratio, verdict } = value;
    const tone = TONE[verdict.word];
    return html`<td${label} data-value="${ratio?.ratio ?? ''}"><b class="${tone}">${ratio === null ? '–' : changeText(ratio.ratio)}</b><br><small class="${tone}">${VERDICT_SYMBOL[verdict.word]} <span class="word">${wordOf(metric, verdict)}</span></small><br><small>${figureText(value.a, unit)} → ${figureText(value.b, unit)}</small></td>`;
  };
  const rowOf = (cell: ComparedCell) => {
    const look = looks.get(cell.backend)!;
    const name = plainText(cell.backend);
    const isHarness = cell.role === 'harness-cost';
    const isSound = cell.values.length > 0;
    const kind = isHarness ? 'harness' : isSound ? '' : 'out';
    const reason = isSound
      ? null
      : html`<tr class="reason"><td colspan="${columns.length + 1}">✕ not compared: ${troubleOf(cell)}</td></tr>`;
    return html`<tbody class="${kind}"><tr><td data-value="${name}"><span class="${name.length > 18 ? 'name long' : 'name'}">${swatch(look.shape, look.color)}${name}</span>${isHarness ? html` <small>cost of the harness</small>` : null}</td>${columns.map((column) => cellOf(column, cell))}</tr>${reason}</tbody>`;
  };
  const cells = group.cells.toSorted((x, y) => Number(x.role === 'harness-cost') - Number(y.role === 'harness-cost'));
  return html`<div class="card"><div class="scroll" tabindex="0" role="region" aria-label="Changes by backend"><table class="cells changes"><thead><tr><th scope="col" data-first="ascending">Backend</th>${columns.map(
    ({ metric, unit }) => html`<th scope="col" data-first="descending">${metric.title}<small>${unit.unit}</small></th>`,
  )}</tr></thead>${cells.map(rowOf)}</table></div><p class="below">Each cell: the change of B against A, its verdict, and the figures of A → B.</p></div>`;
}

const VERDICT_COLOR = {
  faster: 'var(--good)',
  slower: 'var(--bad)',
  equivalent: 'var(--ink)',
  unresolved: 'var(--soft)',
  insufficient: 'var(--soft)',
} as const;

/** The chart of one metric; null where no backend has a change of it. */
function changesOf(metric: ComparedMetric, group: ComparedGroup, index: number, compared: RunComparison, looks: ReadonlyMap<string, Look>) {
  const all = rowsOf(metric, group).toSorted((x, y) => Number(x.cell.role === 'harness-cost') - Number(y.cell.role === 'harness-cost'));
  const rows = all.flatMap(({ cell, value }): ChangeRow[] => {
    if (value.ratio === null) return [];
    const { ratio, interval } = value.ratio;
    const word = wordOf(metric, value.verdict);
    return [
      {
        ...backendRow({ cell: { id: cell.backend, backend: { name: cell.backend } } }, looks),
        ratio,
        low: interval?.low ?? ratio,
        high: interval?.high ?? ratio,
        hasInterval: interval !== null,
        change: changeText(ratio),
        verdict: word,
        verdictColor: VERDICT_COLOR[value.verdict.word],
      },
    ];
  });
  if (rows.length === 0) return null;
  const unit = rowsUnit(metric, all);
  const limits = new Map(
    compared.gates
      .filter((gate) => gate.group === index && gate.metric === metric.key)
      .map(({ gate, limit }) => [plainText(gate), 1 + limit]),
  );
  const columns = ['Backend', `A, ${unit.unit}`, `B, ${unit.unit}`, 'Change', 'Interval', 'Verdict', 'Sees'].map((title) => ({
    key: title,
    title,
  }));
  return changeChart(rows, {
    metric: metric.title,
    level: levelText(compared.alpha),
    better: metric.better,
    margin: MARGIN,
    limits: [...limits].map(([text, ratio]) => ({ ratio, text })),
    table: {
      columns,
      rows: all.map(({ cell, value }) => [
        plainText(cell.backend),
        figureText(value.a, unit),
        figureText(value.b, unit),
        value.ratio === null ? null : changeText(value.ratio.ratio),
        value.ratio?.interval == null ? null : intervalText(value.ratio.interval),
        verdictText(metric, value, cell),
        seenText(value.verdict),
      ]),
    },
    description: `Change of ${metric.title.toLowerCase()} from A to B: ${rows.map(({ label, change, verdict }) => `${label} ${change}, ${verdict}`).join('; ')}.`,
  });
}
