import type { Cell, MicroResults, Plan } from '../../harness/results.ts';
import { type Caveat, caveatsOf } from '../caveats.ts';
import { checkpointBytesChart, checkpointBytesRows } from '../charts/checkpoint-bytes.ts';
import { intervalChart, intervalRows } from '../charts/checkpoint-interval.ts';
import { checkpointTimeChart, checkpointTimeRows } from '../charts/checkpoint-time.ts';
import { type Look, looksOf } from '../charts/look.ts';
import { overTimeChart, overTimeRows } from '../charts/over-time.ts';
import { recoveryChart, recoveryRows } from '../charts/recovery.ts';
import { tailChart, tailRows } from '../charts/tail-in-checkpoints.ts';
import { throughputChart, throughputRows } from '../charts/throughput.ts';
import { tradeOffChart, tradeOffRows } from '../charts/throughput-against-p99.ts';
import { sizeChart, sizeRows } from '../charts/throughput-over-size.ts';
import { timeShareChart, timeShareRows } from '../charts/time-share.ts';
import { plainText } from '../plain-text.ts';
import { events, grouped } from '../quantity.ts';
import type { Results } from '../read-results.ts';
import { contestOf } from '../recommend/contest-of.ts';
import { crossingSentence, SCALING_NOTE, scalingTable } from '../scaling-table.ts';
import { SPEED_UP_NOTE, speedUpTable } from '../speed-up-table.ts';
import { inMemoryOf } from '../state-in-memory.ts';
import { FEWEST_FOR_P99 } from '../statistics/metrics.ts';
import { crossingsOf } from '../statistics/scaling.ts';
import { levelOf } from '../statistics/sequential.ts';
import { speedUpsOf } from '../statistics/speed-up.ts';
import { type StateSizes, stateSizesOf } from '../statistics/state-sizes.ts';
import { type GroupSummary, type RunSummary, summarise } from '../statistics/summary.ts';
import type { PageGroup } from './answer.ts';
import { decisionCard } from './decision-card.ts';
import { figureOf, tableOf } from './figure.ts';
import { flinkSection } from './flink-section.ts';
import { machineText, pageOf } from './frame.ts';
import { dataElement, html, type Markup } from './html.ts';
import { latencySection } from './latency-section.ts';
import { microSection } from './micro-section.ts';
import { type Named, overview } from './overview.ts';
import { reproduce } from './reproduce.ts';
import { sideBySide } from './side-by-side.ts';
import { threeQuestions } from './three-questions.ts';
import { validity } from './validity.ts';

/** Most bytes a page may have, so that it can be mailed and opens at once. */
const MOST_BYTES = 2_500_000;
/** What is in a page besides its sections. */
const FRAME_BYTES = 130_000;
/** With more groups than this, the course over time is drawn only of the first backends of each, the checkpoint interval of none, and charts for wide pages only. */
const MANY_GROUPS = 6;
const FEW_COURSES = 4;

/**
 * The report: one HTML file that fetches nothing and runs nothing but its own script (by hash). Everything in it can be
 * read without scripts.
 */
export async function renderPage(results: Results, micro: MicroResults | null = null): Promise<string> {
  const { plan } = results;
  const run = summarise(plan, results.trials);
  const looks = looksOf(plan);
  const caveats = caveatsOf(results, run);
  const named = run.groups.map((group, i): Named => ({ name: groupName(group, run), group, page: pageGroup(group, i, run, plan, looks) }));
  const groups: Markup[] = [];
  for (const { group, page } of named) groups.push(await groupArticle(group, page, { results, run, looks, caveats }));
  const data = dataElement(
    'groups',
    named.map(({ page }) => page),
  );
  const sizes = await stateSizes(run, plan, looks);
  const trust = validity(results, run, caveats);
  const suite = micro === null ? null : microSection(micro);
  const answers = named.length === 1 ? null : overview(named, plan, looks);
  const used = [trust, data, ...[suite, sizes, answers].filter((part) => part !== null), ...groups].reduce(
    (sum, part) => sum + Buffer.byteLength(part.toString()),
    FRAME_BYTES,
  );
  return pageOf({
    title: `Statebench: ${plainText(plan.suite)}`,
    headline: headline(results, run),
    navigation: html`${navigation(run)}${sizes === null ? null : html`<a href="#sizes">State size</a>`}${micro === null ? null : html`<a href="#micro">Micro-suite</a>`}<a href="#validity">Validity</a><a href="#reproduce">Run it again</a>`,
    main: html`${banner(caveats)}${answers}${sizes}${groups}${suite}${trust}${reproduce(results, run, MOST_BYTES - used)}${data}`,
    statebench: results.environment.statebench,
    startedAt: plan.startedAt,
  });
}

interface Context {
  readonly results: Results;
  readonly run: RunSummary;
  readonly looks: ReadonlyMap<string, Look>;
  readonly caveats: readonly Caveat[];
}

function headline({ plan, environment }: Results, run: RunSummary): Markup {
  const backends = new Set(run.groups.flatMap((group) => group.candidates.map(({ cell }) => cell.backend.name))).size;
  return html`${plainText(plan.suite)} · ${backends} backend${backends === 1 ? '' : 's'} · ${plan.profile.name}, ${plan.profile.blocks} block${plan.profile.blocks === 1 ? '' : 's'} · <b>${machineText(environment)}</b> · Node.js ${plainText(environment.node)} · ${plan.startedAt.slice(0, 10)}`;
}

function navigation(run: RunSummary): Markup {
  const sections =
    run.groups.length === 1
      ? SECTIONS.map(([id, title]) => html`<a href="#g1-${id}">${title}</a>`)
      : run.groups.map((group, i) => html`<a href="#g${i + 1}">${groupName(group, run)}</a>`);
  return html`${sections}`;
}

function banner(caveats: readonly Caveat[]): readonly Markup[] {
  return caveats.filter(({ tone }) => tone === 'alarm').map(({ text }) => html`<p class="banner" role="alert">${text}</p>`);
}

function pageGroup(group: GroupSummary, index: number, run: RunSummary, plan: Plan, looks: ReadonlyMap<string, Look>): PageGroup {
  return {
    prefix: `g${index + 1}`,
    contest: contestOf(group, plan),
    looks: group.candidates.map(({ cell }) => looks.get(cell.backend.name)!),
    limitsAt: run.groups.length === 1 ? 'right' : 'above',
  };
}

/** A group by what tells it from the others. */
function groupName(group: GroupSummary, run: RunSummary): string {
  const differs = (of: (other: GroupSummary) => string | number) => new Set(run.groups.map(of)).size > 1;
  const parts = [plainText(group.workload.name)];
  if (differs(({ workload }) => settingsOf(workload))) parts.push(settingsOf(group.workload));
  if (differs(({ storage }) => storage.name)) parts.push(plainText(group.storage.name));
  if (differs(({ batchSize }) => batchSize)) parts.push(`batches of ${grouped(group.batchSize, 0)}`);
  return parts.filter((part) => part !== '').join(' · ');
}

function settingsOf({ settings }: Cell['workload']): string {
  return Object.entries(settings)
    .map(([name, value]) => `${plainText(name)}=${plainText(String(value))}`)
    .join(', ');
}

const SECTIONS = [
  ['choose', 'Choose'],
  ['compare', 'Compare'],
  ['throughput', 'Throughput'],
  ['checkpoint', 'Checkpoint and recovery'],
  ['over-time', 'Over time'],
] as const;

async function groupArticle(group: GroupSummary, page: PageGroup, { results, run, looks, caveats }: Context): Promise<Markup> {
  const { plan } = results;
  const inMemory = inMemoryOf(run, results.environment);
  const { prefix } = page;
  const right = group.candidates.filter((cell) => cell.standing !== 'wrong');
  const cells = right.filter((cell) => !cell.isTwin);
  const settings = settingsOf(group.workload);
  const storageSettings = settingsOf(group.storage);
  const about = `${plainText(group.workload.name)}${settings === '' ? '' : ` (${settings})`}, micro-batches of ${events(group.batchSize)}, ${group.parallelism === 1 ? '' : `${group.parallelism} processes, `}checkpoints to ${plainText(group.storage.name)}${storageSettings === '' ? '' : ` (${storageSettings})`}.`;
  const heading = run.groups.length === 1 ? null : html`<h2>${groupName(group, run)}</h2>`;
  const scatter = some(tradeOffRows(cells, looks), tradeOffChart);
  const share = some(timeShareRows(cells, looks), timeShareChart);
  const throughput = some(throughputRows(right, looks), throughputChart);
  const checkpoints = [
    some(checkpointTimeRows(cells, looks), checkpointTimeChart),
    some(checkpointBytesRows(cells, looks), checkpointBytesChart),
  ];
  const tail = some(tailRows(cells, looks), tailChart);
  const recovery = some(recoveryRows(cells, looks), recoveryChart);
  const isLong = run.groups.length > MANY_GROUPS;
  const drawn = isLong ? cells.slice(0, FEW_COURSES) : cells;
  const interval = isLong ? null : some(intervalRows(cells, looks, plan.crashesPerDay), intervalChart);
  const courses = overTimeRows(drawn, looks).map(overTimeChart);
  const draw = async (charts: readonly (ReturnType<typeof tradeOffChart> | null)[]) =>
    Promise.all(charts.filter((chart) => chart !== null).map((chart) => figureOf(chart, isLong ? 'widest' : 'all')));
  return html`<article id="${prefix}">${heading}<section id="${prefix}-choose"><p class="lead">${about}</p>${decisionCard(group, page, caveats)}</section>
<section id="${prefix}-compare"><h2>Side by side</h2>${sideBySide(group, plan, looks, inMemory)}${threeQuestions(group, looks)}</section>
<section id="${prefix}-throughput"><h2>Throughput, and what it costs</h2><p class="lead">Cells with a wrong output are in no chart; failed ones are, with the trials they finished.</p>${await draw([throughput])}<div class="grid">${await draw([scatter, share])}</div></section>
${latencySection(group, `${prefix}-latency`, isLong)}${flinkSection(group, `${prefix}-flink`)}${speedUp(group, run)}<section id="${prefix}-checkpoint"><h2>Checkpoint and recovery</h2><p class="lead">What a checkpoint costs while it runs, and what a crash costs after it. Pause: events stand still. Persist: written beside the stream. Recovery: from SIGKILL until the event at which it came is processed again. A backend stands in a chart if it has the figures: a p99 takes ${FEWEST_FOR_P99} micro-batches a trial.</p><div class="grid">${await draw([...checkpoints, recovery, tail, interval])}</div></section>
${courses.length === 0 ? null : html`<section id="${prefix}-over-time"><h2>Over time</h2><p class="lead">The trial of median throughput of each backend, second by second; each on its own scale, from zero. Shaded: a checkpoint, from its cut until it is durable.${drawn.length < cells.length ? ` Of ${cells.length} backends, the first ${drawn.length}.` : ''}</p><div class="thirds">${await draw(courses)}</div></section>`}</article>`;
}

/** Only where a run has one workload with several numbers of keys. */
async function stateSizes(run: RunSummary, plan: Plan, looks: ReadonlyMap<string, Look>): Promise<Markup | null> {
  const charts = stateSizesOf(run).flatMap((sizes) => {
    const rows = sizeRows(sizes, looks);
    return rows.length === 0 ? [] : [sizeChart(sizes, rows)];
  });
  if (charts.length === 0) return null;
  return html`<section id="sizes"><h2>State size</h2><p class="lead">The same workload with more and more keys. A size is what was found in the store, by reading it at the end of the measured part.</p>${await Promise.all(charts.map((chart) => figureOf(chart)))}${stateSizesOf(run).map((sizes) => growthOf(sizes, plan))}</section>
`;
}

/** How costs grow with the state, and where backends change places. */
function growthOf(sizes: StateSizes, { profile }: Plan): Markup {
  const crossings = crossingsOf(sizes, levelOf(profile)).map((crossing) => html`<p>${crossingSentence(crossing)}</p>`);
  const table = scalingTable(sizes);
  if (table.rows.length === 0) return html``;
  return html`<h3>How costs grow: ${plainText(sizes.name)}</h3>${crossings}<p>${SCALING_NOTE}</p><div class="card"><div class="scroll" tabindex="0" role="region" aria-label="How costs grow with the state">${tableOf(table)}</div></div>`;
}

/** Only where a run has several numbers of processes. */
function speedUp(group: GroupSummary, run: RunSummary): Markup | null {
  const speedUps = speedUpsOf(group, run);
  if (speedUps === null) return null;
  return html`<section><h2>More processes</h2><p class="lead">Throughput of several processes that have the stream between them by key, against ${speedUps.base} of the same backend, paired by block; without an exchange. ${SPEED_UP_NOTE} Largest part: share of the events that the process with most of them had.</p><div class="card"><div class="scroll" tabindex="0" role="region" aria-label="Throughput by number of processes">${tableOf(speedUpTable(speedUps))}</div></div></section>
`;
}

function some<T, C>(rows: readonly T[], chart: (rows: readonly T[]) => C): C | null {
  return rows.length === 0 ? null : chart(rows);
}
