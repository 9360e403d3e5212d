import type { Plan } from '../../harness/results.ts';
import { extentOf, toPixel } from '../charts/axis.ts';
import type { Look } from '../charts/look.ts';
import { nameOf, standingLine } from '../decision.ts';
import { plainText } from '../plain-text.ts';
import { events, grouped, inUnit, percent, rounded, type Unit, uncertainty, unitFor } from '../quantity.ts';
import { survivalOf } from '../recommend/words.ts';
import { type ShownMetric, type ShownName, shownMetric, unitOf } from '../shown-metric.ts';
import { IN_MEMORY_MARK, type InMemory } from '../state-in-memory.ts';
import { headlineOf, unsteadyWords } from '../statistics/headline.ts';
import { FEWEST_FOR_P99, FEWEST_FOR_P999 } from '../statistics/metrics.ts';
import type { Sample } from '../statistics/sample.ts';
import { alternativesIn, type CellSummary, type GroupSummary, isFlink, throughputOf } from '../statistics/summary.ts';
import { swatch, tableOf } from './figure.ts';
import { html, type Markup } from './html.ts';

interface MetricColumn extends ShownMetric {
  /** Its title where its family stands above it. */
  readonly column: string;
  /** Columns of one family share a unit. */
  readonly family: string;
  /** What it belongs to, above its title. */
  readonly over: string;
}

const column = (name: ShownName, over: string, title: string, family: string): MetricColumn => ({
  ...shownMetric(name),
  column: title,
  family,
  over,
});

const ALL_METRICS: readonly MetricColumn[] = [
  column('batchP50Ms', 'Service time of a micro-batch', 'p50', 'batch'),
  column('batchP99Ms', 'Service time of a micro-batch', 'p99', 'batch'),
  column('batchP999Ms', 'Service time of a micro-batch', 'p99.9', 'batch'),
  column('pauseMs', 'Checkpoint', 'Pause', 'pause'),
  column('persistMs', 'Checkpoint', 'Persist', 'persist'),
  column('bytesWritten', 'Checkpoint', 'Written', 'written'),
  column('splitMs', 'Rescale', '1 → 2', 'rescale'),
  column('mergeMs', 'Rescale', '2 → 1', 'rescale'),
  column('restoreMs', 'Recovery', 'Restore', 'restore'),
  column('replayPerSecond', 'Recovery', 'Replay', 'replay'),
  column('rssBytesMax', '', 'Memory', 'memory'),
  column('workingBytes', '', 'Disk', 'disk'),
];

const STRIP = { width: 132, height: 22, inset: 5 };

/** The table of all cells of a group: candidates, the null backend below a rule, and what was left out. */
export function sideBySide(
  group: GroupSummary,
  plan: Plan,
  looks: ReadonlyMap<string, Look>,
  inMemory: ReadonlyMap<string, InMemory>,
  isShort: boolean,
): Markup {
  const cells = [...group.candidates, ...(group.harness === null ? [] : [group.harness])];
  const isRescaled = cells.some(({ metrics: { splitMs } }) => splitMs !== null);
  const metrics = ALL_METRICS.filter(({ over }) => isRescaled || over !== 'Rescale');
  const units = new Map(
    metrics.map(({ family, kind }) => [
      family,
      unitOf(
        kind,
        metrics
          .filter((other) => other.family === family)
          .flatMap(({ name }) => group.candidates.flatMap((cell) => cell.metrics[name]?.mean ?? [])),
      ),
    ]),
  );
  const rate = unitFor(
    'rate',
    group.candidates.flatMap((cell) => throughputOf(cell) ?? []),
  );
  const shown = cells.flatMap((cell) => [...cell.trials.map(headlineOf), ...Object.values(cell.metrics.eventsPerSecond?.interval ?? {})]);
  const axis = extentOf(shown, 5);
  const strip = (cell: CellSummary) => stripOf(cell, axis, looks.get(cell.cell.backend.name)!);
  const heads = metrics.map(
    ({ column: title, family, kind }) =>
      html`<th scope="col" data-first="${kind === 'rate' ? 'descending' : 'ascending'}">${title}<small>${units.get(family)!.unit}</small></th>`,
  );
  const firstApart = group.candidates.find(({ standing, isTwin }) => standing !== 'correct' || isTwin);
  const rowOf = (cell: CellSummary) => {
    const { tone, mark, detail } = standingLine(cell, group, plan);
    const unsteady = unsteadyWords(cell);
    const reasons = [...(tone === 'bad' ? [`${mark} ${detail}`] : []), ...(unsteady === null ? [] : [`! ${unsteady}.`])];
    const isHarness = cell.cell.role === 'harness-cost';
    const strike = (text: Markup) => (cell.standing === 'wrong' ? html`<s>${text}</s>` : text);
    const harnessShare = shareOfHarness(cell, group);
    const kind = isHarness ? 'harness' : cell.tier === 1 ? 'best' : cell.standing === 'correct' ? '' : 'out';
    const look = looks.get(cell.cell.backend.name)!;
    const reason =
      reasons.length === 0 ? null : html`<tr class="reason"><td colspan="${metrics.length + 4}">${reasons.join(' · ')}</td></tr>`;
    return html`<tbody class="${kind}${cell === firstApart ? ' ruled' : ''}"${isHarness || !alternativesIn(group).includes(cell) ? null : html` data-place="${group.candidates.indexOf(cell)}"`}><tr><td data-value="${nameOf(cell)}"><span class="${nameOf(cell).length > 18 ? 'name long' : 'name'}">${swatch(look.shape, look.color)}${nameOf(cell)}</span>${isHarness ? html` <small>cost of the harness</small>` : null}</td>
<td class="l throughput" data-label="Throughput, ${rate.unit}" data-value="${throughputOf(cell) ?? ''}">${strip(cell)}<span class="figure">${strike(rateFigure(cell, rate))}${unsteady === null ? null : ' !'}${harnessShare}${markOf(inMemory.get(cell.cell.id))}</span></td>
${metrics.map(({ column: title, name, family, over }) => html`<td data-label="${fullTitle(title, over)}, ${units.get(family)!.unit}" data-value="${cell.metrics[name]?.mean ?? ''}">${strike(figure(cell.metrics[name], units.get(family)!))}</td>`)}
<td class="l" data-label="Survives" data-value="${['volatile', 'process-crash', 'os-crash'].indexOf(cell.cell.backend.durability)}">${isHarness ? html`<span class="none">–</span>` : html`<span class="tag">${survivalOf(cell.cell.backend.durability)}</span>`}</td>
<td class="l" data-label="Output" data-value="${cell.standing}">${stamp(cell)}</td></tr>${reason}</tbody>`;
  };
  const hasIntervals = cells.some((cell) => (cell.metrics.eventsPerSecond?.interval ?? null) !== null);
  const edge =
    group.tiers === null && group.flinkTiers === null
      ? 'There are no tiers: too few blocks.'
      : `The coloured edge marks the best tier: its rows cannot be told apart by these data.${group.candidates.some(isFlink) ? " Flink's state backends have tiers of their own: whoever runs a pipeline of ours does not choose one of them instead." : ''}`;
  return html`<p class="lead">One row a backend. ${edge} Throughput is closed loop${axis.note === '' ? '' : ', drawn on a log scale'}: every trial is a point${hasIntervals ? ', the bar the 95 % interval over blocks' : ''}. Service time of a micro-batch (of ${events(group.batchSize)}) is all that the stream waits for from one micro-batch to the next, firing windows and checkpoint pauses included, without the making of events: closed-loop service time, <b>not latency</b>. All but throughput are medians of trials.</p>
<div class="card"><div class="filter" data-needs-script hidden><label>Show <input type="search" placeholder="all backends" aria-label="Names of backends to show" spellcheck="false"></label><label><input type="checkbox"> only within my limits</label><output></output></div><div class="scroll" tabindex="0" role="region" aria-label="Backends side by side"><table class="cells"><thead><tr class="over"><td colspan="2"></td><th scope="colgroup" colspan="3">Time per micro-batch</th><th scope="colgroup" colspan="3">Checkpoint</th>${isRescaled ? html`<th scope="colgroup" colspan="2">Rescale</th>` : null}<th scope="colgroup" colspan="2">Recovery</th><td colspan="4"></td></tr><tr><th scope="col" data-first="ascending">Backend</th><th scope="col" class="l">Throughput<small>${rate.unit}</small></th>${heads}<th scope="col" class="l">Survives</th><th scope="col" class="l">Output</th></tr></thead>${cells.map(rowOf)}</table></div>
${leftOut(plan)}</div>
${isShort ? html`<p class="lead">Of many groups, every figure with its range and interval stands in table.csv and summary.json alone.</p>` : allFigures(cells)}`;
}

/** On a phone, where no heading stands above: "Batch p99", "Pause". */
function fullTitle(title: string, over: string): string {
  return over.startsWith('Time') ? `Batch ${title}` : over === 'Rescale' ? `Rescale ${title}` : title;
}

function rateFigure(cell: CellSummary, unit: Unit): Markup {
  const sample = cell.metrics.eventsPerSecond;
  const mean = throughputOf(cell);
  if (sample === null || mean === null) return html`<span class="none">–</span>`;
  const half = uncertainty(sample);
  const scaled = (value: number) => rounded(value / unit.divisor, half === null ? null : half / unit.divisor);
  const range = sample.interval === null ? null : html`<small>${scaled(sample.interval.low)} to ${scaled(sample.interval.high)}</small>`;
  return html`<b>${scaled(mean)}</b>${range}`;
}

/** What part of the time of an event is the harness's own: beside every throughput. */
function shareOfHarness(cell: CellSummary, { harness }: GroupSummary): Markup | null {
  const own = throughputOf(cell);
  const bare = harness === null ? null : throughputOf(harness);
  return own === null || bare === null || cell === harness ? null : html`<small>harness ${percent(Math.min(1, own / bare))}</small>`;
}

/** Where a state was that keeps in files and was hardly read from a disk. */
function markOf(found: InMemory | undefined): Markup | null {
  if (found === undefined) return null;
  return html`<small>${IN_MEMORY_MARK} ${found.where === 'own' ? 'in its own cache' : 'in the page cache'}</small>`;
}

function figure(sample: Sample | null, unit: Unit): Markup {
  return sample === null ? html`<span class="none">–</span>` : html`${inUnit(sample.mean, sample, unit)}`;
}

function stamp({ standing, comparedRows, killsChecked, trials }: CellSummary): Markup {
  if (standing === 'correct')
    return html`<span class="good">✓ exact</span><br><small>${grouped(comparedRows, 0)} rows<br>${killsChecked === 0 ? 'no crash tried' : `and after ${killsChecked} kill${killsChecked === 1 ? '' : 's'}`}</small>`;
  if (standing === 'harness-cost') return html`<span class="none">–</span>`;
  const words = { wrong: '✕ wrong', failed: '✕ failed', unchecked: '✕ unchecked', missing: '✕ not run' } as const;
  return html`<span class="bad">${words[standing]}</span>${trials.length === 0 ? null : html`<br><small>not in a tier</small>`}`;
}

function stripOf({ trials, metrics }: CellSummary, axis: ReturnType<typeof extentOf>, { color }: Look): Markup | null {
  if (trials.length === 0) return null;
  const { width, height, inset } = STRIP;
  const x = (value: number) => (inset + toPixel(axis, width - 2 * inset, value)).toFixed(1);
  const last = Math.max(...trials.map(({ block }) => block));
  const points = trials.map(
    (trial) =>
      html`<circle cx="${x(headlineOf(trial))}" cy="${(9.5 + ((trial.block - 0.5) / last) * 9).toFixed(1)}" r="${trials.length > 3 ? 1.9 : 2.6}" fill="${color}" opacity=".6"/>`,
  );
  const interval = metrics.eventsPerSecond?.interval ?? null;
  const bar =
    interval === null
      ? null
      : html`<line x1="${x(interval.low)}" x2="${x(interval.high)}" y1="4" y2="4" stroke="${color}" stroke-width="4.5" stroke-linecap="round"/>`;
  const ticks = axis.ticks.map((tick) => html`<line class="axis" x1="${x(tick)}" x2="${x(tick)}" y1="${height - 5}" y2="${height}"/>`);
  return html`<svg class="strip" viewBox="0 0 ${width} ${height}" aria-hidden="true"><line class="axis" x1="0" x2="${width}" y1="${height - 0.5}" y2="${height - 0.5}"/>${ticks}${points}${bar}</svg>`;
}

function leftOut({ leftOut: absent }: Plan): Markup | null {
  return absent.length === 0
    ? null
    : html`<p class="below">${absent.map(({ backend, reason }, i) => html`${i === 0 ? '' : html`<br>`}Left out: <b>${plainText(backend)}</b>: ${plainText(reason)}`)}</p>`;
}

const NUMBERS: readonly ShownMetric[] = [
  shownMetric('eventsPerSecond'),
  shownMetric('steadyEventsPerSecond'),
  ...ALL_METRICS,
  ...(['batchP99DuringCheckpointMs', 'bytesReferenced', 'liveBytes', 'checkpointStorageBytes', 'cpuNsPerEvent', 'storeShare'] as const).map(
    shownMetric,
  ),
];

/** Every sample in full: what stands behind each figure of the table. */
function allFigures(cells: readonly CellSummary[]): Markup {
  const rows = cells.flatMap((cell) =>
    NUMBERS.flatMap(({ title, name, kind }) => {
      const sample = cell.metrics[name];
      if (sample === null) return [];
      const unit = unitOf(kind, [sample.mean]);
      const text = (value: number) => inUnit(value, sample, unit);
      const { interval, cv } = sample;
      return [
        [
          nameOf(cell),
          `${title}, ${unit.unit}`,
          sample.n,
          text(sample.mean),
          text(sample.min),
          text(sample.max),
          interval === null ? null : `${text(interval.low)} to ${text(interval.high)}`,
          cv === null ? null : percent(cv),
        ],
      ];
    }),
  );
  const columns = ['Backend', 'Figure', 'Trials', 'Mean', 'Minimum', 'Maximum', '95 % of the mean', 'CV'].map((title) => ({
    key: title,
    title,
  }));
  return html`<details><summary>Every figure: trials, mean, range, interval</summary><p>p99 is given from ${FEWEST_FOR_P99} micro-batches a trial, p99.9 from ${grouped(FEWEST_FOR_P999, 0)}. The interval is that of the geometric mean over blocks, by t on logarithms, from 3 blocks. CV is the coefficient of variation over trials.</p><div class="scroll" tabindex="0" role="region" aria-label="Every figure">${tableOf({ columns, rows })}</div></details>`;
}
