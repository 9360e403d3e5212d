import type { Cell, MicroResults } from '../../harness/results.ts';
import type { Caveat } from '../caveats.ts';
import { checkpointBytesChart, checkpointBytesRows } from '../charts/checkpoint-bytes.ts';
import { intervalChart, intervalRows } from '../charts/checkpoint-interval.ts';
import { checkpointTimeChart, checkpointTimeRows } from '../charts/checkpoint-time.ts';
import type { Look } from '../charts/look.ts';
import { overTimeChart, overTimeRows } from '../charts/over-time.ts';
import { recoveryChart, recoveryRows } from '../charts/recovery.ts';
import { tailChart, tailRows } from '../charts/tail-in-checkpoints.ts';
import { throughputChart, throughputRows } from '../charts/throughput.ts';
import { AGAINST_RESTORE, AGAINST_TAIL, type Against, tradeOffChart, tradeOffRows } from '../charts/throughput-against-time.ts';
import { timeShareChart, timeShareRows } from '../charts/time-share.ts';
import { meanBatchEvents } from '../mean-batch.ts';
import { plainText } from '../plain-text.ts';
import { events, grouped } from '../quantity.ts';
import type { Results } from '../read-results.ts';
import { speedUpNote, speedUpTable } from '../speed-up-table.ts';
import { inMemoryOf } from '../state-in-memory.ts';
import { FEWEST_FOR_P99 } from '../statistics/metrics.ts';
import { speedUpsOf } from '../statistics/speed-up.ts';
import type { GroupSummary, RunSummary } from '../statistics/summary.ts';
import type { PageGroup } from './answer.ts';
import { decisionCard } from './decision-card.ts';
import { figureOf, tableOf } from './figure.ts';
import { flinkSection } from './flink-section.ts';
import { html, type Markup } from './html.ts';
import { latencySection } from './latency-section.ts';
import { sideBySide } from './side-by-side.ts';
import { threeQuestions } from './three-questions.ts';

/** With more groups than this, the course over time is drawn only of the first backends of each, the checkpoint interval of none, and charts for wide pages only. */
const MANY_GROUPS = 6;
const FEW_COURSES = 4;

/** What a group is shown with. */
export interface Context {
  readonly results: Results;
  /** What the micro-suite found, where its results lie in the same folder. */
  readonly micro: MicroResults | null;
  readonly run: RunSummary;
  readonly looks: ReadonlyMap<string, Look>;
  readonly caveats: readonly Caveat[];
  /** Groups of the whole page: of many, less is drawn. */
  readonly groupsInPage: number;
}

/** Sections of a group that a page with one group links to. */
export const SECTIONS = [
  ['choose', 'Choose'],
  ['compare', 'Compare'],
  ['throughput', 'Throughput'],
  ['checkpoint', 'Checkpoint and recovery'],
  ['over-time', 'Over time'],
] as const;

/** Everything on one group: its answer, its table, its charts. */
export async function groupArticle(
  group: GroupSummary,
  page: PageGroup,
  { results, micro, run, looks, caveats, groupsInPage }: Context,
): Promise<Markup> {
  const { plan } = results;
  const inMemory = inMemoryOf(run, results.environment);
  const { prefix } = page;
  const right = group.candidates.filter((cell) => cell.standing !== 'wrong');
  const cells = right.filter((cell) => !cell.isTwin);
  const settings = settingsOf(group.workload);
  const storageSettings = settingsOf(group.storage);
  const about = `${plainText(group.workload.name)}${settings === '' ? '' : ` (${settings})`}, micro-batches of ${events(group.batchSize)}${meanText(group)}, ${group.parallelism === 1 ? '' : `${group.parallelism} processes, `}checkpoints to ${plainText(group.storage.name)}${storageSettings === '' ? '' : ` (${storageSettings})`}.`;
  const heading = groupsInPage === 1 ? null : html`<h2>${groupName(group, run)}</h2>`;
  const against = (what: Against) => some(tradeOffRows(cells, looks, what), (rows) => tradeOffChart(rows, what));
  const share = some(timeShareRows(cells, looks), timeShareChart);
  const throughput = some(throughputRows(right, looks), throughputChart);
  const checkpoints = [
    some(checkpointTimeRows(cells, looks), checkpointTimeChart),
    some(checkpointBytesRows(cells, looks), checkpointBytesChart),
  ];
  const tail = some(tailRows(cells, looks), tailChart);
  const recovery = some(recoveryRows(cells, looks), recoveryChart);
  const isLong = groupsInPage > MANY_GROUPS;
  const drawn = isLong ? cells.slice(0, FEW_COURSES) : cells;
  const interval = isLong ? null : some(intervalRows(cells, looks, plan.crashesPerDay), intervalChart);
  const courses = overTimeRows(drawn, looks).map(overTimeChart);
  const draw = async (charts: readonly (ReturnType<typeof tradeOffChart> | null)[]) =>
    Promise.all(charts.filter((chart) => chart !== null).map((chart) => figureOf(chart, isLong ? 'widest' : 'all')));
  return html`<article id="${prefix}">${heading}<section id="${prefix}-choose"><p class="lead">${about}</p>${decisionCard(group, page, caveats)}</section>
<section id="${prefix}-compare"><h2>Side by side</h2>${sideBySide(group, plan, looks, inMemory, isLong)}${threeQuestions(group, looks, micro)}</section>
<section id="${prefix}-throughput"><h2>Throughput, and what it costs</h2><p class="lead">Cells with a wrong output are in no chart; failed ones are, with the trials they finished.</p>${await draw([throughput])}<div class="grid">${await draw([against(AGAINST_TAIL), isLong ? null : against(AGAINST_RESTORE), share])}</div></section>
${await latencySection(group, looks, `${prefix}-latency`, isLong)}${flinkSection(group, `${prefix}-flink`)}${speedUp(group, run)}<section id="${prefix}-checkpoint"><h2>Checkpoint and recovery</h2><p class="lead">What a checkpoint costs while it runs, and what a crash costs after it. Pause: events stand still. Persist: written beside the stream. Restore: from the choice of a checkpoint until the first event can be processed. Replay: events/s after that. A backend stands in a chart if it has the figures: a p99 takes ${FEWEST_FOR_P99} micro-batches a trial.</p><div class="grid">${await draw([...checkpoints, recovery, tail, interval])}</div></section>
${courses.length === 0 ? null : html`<section id="${prefix}-over-time"><h2>Over time</h2><p class="lead">The trial of median throughput of each backend, second by second; each on its own scale, from zero. Shaded: a checkpoint, from its cut until it is durable; at the right, after what was measured, SIGKILL and the time until the event at which it came was processed again, dashed the mean rate of that.${drawn.length < cells.length ? ` Of ${cells.length} backends, the first ${drawn.length}.` : ''}</p><div class="thirds">${await draw(courses)}</div></section>`}</article>`;
}

/** The mean size of micro-batches where it is not the one asked for: a size that does not divide the watermark's interval, or several processes. */
function meanText({ candidates, batchSize }: GroupSummary): string {
  const means = candidates.flatMap((cell) => meanBatchEvents(cell) ?? []);
  if (means.length === 0 || means.every((mean) => Math.abs(mean / batchSize - 1) < 0.01)) return '';
  const [low, high] = [Math.min(...means), Math.max(...means)].map((mean) => grouped(mean, 0));
  return ` (on average ${low === high ? low : `${low} to ${high}`})`;
}

/** Only where a run has several numbers of processes. */
function speedUp(group: GroupSummary, run: RunSummary): Markup | null {
  const speedUps = speedUpsOf(group, run);
  if (speedUps === null) return null;
  return html`<section><h2>More processes</h2><p class="lead">Throughput of several processes that have the stream between them by key, against ${speedUps.base} of the same backend, paired by block. ${speedUpNote(speedUps)} Largest part: share of the events that the process with most of them had.</p><div class="card"><div class="scroll" tabindex="0" role="region" aria-label="Throughput by number of processes">${tableOf(speedUpTable(speedUps))}</div></div></section>
`;
}

function some<T, C>(rows: readonly T[], chart: (rows: readonly T[]) => C): C | null {
  return rows.length === 0 ? null : chart(rows);
}

/** A group by what tells it from the others: of settings those alone in which others of the same module differ. */
export function groupName(group: GroupSummary, run: RunSummary): string {
  const differs = (of: (other: GroupSummary) => string | number) => new Set(run.groups.map(of)).size > 1;
  const parts = [plainText(group.workload.name), settingsOf({ settings: ownSettings(group.workload, run) })];
  if (differs(({ storage }) => storage.name)) parts.push(plainText(group.storage.name));
  if (differs(({ batchSize }) => batchSize)) parts.push(`batches of ${grouped(group.batchSize, 0)}`);
  if (differs(({ parallelism }) => parallelism)) parts.push(group.parallelism === 1 ? '1 process' : `${group.parallelism} processes`);
  return parts.filter((part) => part !== '').join(' · ');
}

/** Those in which not all workloads agree that are variants of the same one, which labels tell apart. */
function ownSettings({ name, settings }: Cell['workload'], run: RunSummary): Cell['workload']['settings'] {
  const variants = run.groups.map(({ workload }) => workload).filter((other) => moduleName(other.name) === moduleName(name));
  return Object.fromEntries(Object.entries(settings).filter(([key, value]) => variants.some((other) => other.settings[key] !== value)));
}

/** Without its label. */
function moduleName(name: string): string {
  return name.split('@')[0]!;
}

function settingsOf({ settings }: Pick<Cell['workload'], 'settings'>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${plainText(name)}=${plainText(String(value))}`)
    .join(', ');
}
