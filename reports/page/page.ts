import type { MicroResults, Plan } from '../../harness/results.ts';
import { type Caveat, caveatsOf } from '../caveats.ts';
import { looksOf } from '../charts/look.ts';
import { plainText } from '../plain-text.ts';
import type { Results } from '../read-results.ts';
import { contestOf } from '../recommend/contest-of.ts';
import { alternativesIn, type GroupSummary, type RunSummary, summarise } from '../statistics/summary.ts';
import type { PageGroup } from './answer.ts';
import { machineText, pageOf } from './frame.ts';
import { type Context, groupArticle, groupName, SECTIONS } from './group-article.ts';
import { dataElement, html, type Markup } from './html.ts';
import { microSection } from './micro-section.ts';
import { type Named, overview } from './overview.ts';
import { reproduce } from './reproduce.ts';
import { stateSizesSection } from './state-sizes-section.ts';
import { validity } from './validity.ts';

/** Most bytes a page may have, so that it can be mailed and opens at once. */
const MOST_BYTES = 2_500_000;
/** What is in a page besides its sections. */
const FRAME_BYTES = 160_000;

/** A run as a page shows it. */
export interface RunOfPage {
  readonly results: Results;
  /** What the micro-suite found, where its results lie in the same folder. */
  readonly micro: MicroResults | null;
}

/**
 * The report: one HTML file that fetches nothing and runs nothing but its own script (by hash). Everything in it can be
 * read without scripts.
 */
export function renderPage(results: Results, micro: MicroResults | null = null): Promise<string> {
  return renderRuns([{ results, micro }]);
}

/** The report of several runs, of one machine or of several: side by side, each decided by its own figures alone. */
export async function renderRuns(all: readonly RunOfPage[]): Promise<string> {
  const looks = looksOf({ cells: all.flatMap(({ results }) => results.plan.cells) });
  const labels = runLabels(all.map(({ results }) => results));
  const parts = all.map(({ results, micro }, i) => {
    const run = summarise(results.plan, results.trials);
    return { results, micro, run, caveats: caveatsOf(results, run), label: labels[i]!, before: all.length === 1 ? '' : `r${i + 1}-` };
  });
  const groupsInPage = parts.reduce((sum, { run }) => sum + run.groups.length, 0);
  const named = parts.flatMap(({ run, results, label, before }) =>
    run.groups.map((group, i): Named => {
      const name = groupName(group, run);
      const machine = label ?? 'this machine';
      return {
        name: label === null ? name : `${name} · ${label}`,
        group,
        page: pageGroup(group, `${before}g${i + 1}`, { machine, plan: results.plan, run, looks, groupsInPage }),
      };
    }),
  );
  const drawn: Drawn[] = [];
  for (const part of parts) drawn.push(await drawRun(part, named, { looks, groupsInPage }));
  const data = dataElement(
    'groups',
    named.map(({ page }) => page),
  );
  const answers = named.length === 1 ? null : overview(named, looks);
  const used = [data, ...(answers === null ? [] : [answers]), ...drawn.map(({ body }) => body)].reduce(
    (sum, part) => sum + Buffer.byteLength(part.toString()),
    FRAME_BYTES,
  );
  const room = (MOST_BYTES - used) / all.length;
  const [first] = parts as [(typeof parts)[number], ...typeof parts];
  return pageOf({
    title: `Statebench: ${plainText(first.results.plan.suite)}${all.length === 1 ? '' : `, ${all.length} runs`}`,
    headline: all.length === 1 ? headline(first.results, first.run) : html`${all.length} runs: <b>${labels.join('; ')}</b>`,
    navigation: html`${all.length === 1 ? navigation(first.run) : html`<a href="#answers">Answers</a>`}${drawn.map(({ links }) => links)}`,
    main: html`${parts.flatMap(({ caveats, label }) => banner(caveats, label))}${answers}${drawn.map(
      ({ body }, i) =>
        html`${body}${reproduce(parts[i]!.results, parts[i]!.run, room, parts[i]!.before)}${all.length === 1 ? null : html`</section>`}`,
    )}${data}`,
    statebench: first.results.environment.statebench,
    startedAt: [first.results.plan.startedAt],
  });
}

interface Part extends RunOfPage {
  readonly run: RunSummary;
  readonly caveats: readonly Caveat[];
  /** Null where it is the only one. */
  readonly label: string | null;
  /** Stands before its ids. */
  readonly before: string;
}

interface Drawn {
  readonly body: Markup;
  readonly links: Markup;
}

async function drawRun(
  part: Part,
  named: readonly Named[],
  { looks, groupsInPage }: Pick<Context, 'looks' | 'groupsInPage'>,
): Promise<Drawn> {
  const { results, micro, run, caveats, label, before } = part;
  const groups: Markup[] = [];
  for (const { group, page } of named.filter((one) => run.groups.includes(one.group)))
    groups.push(await groupArticle(group, page, { results, micro, run, looks, caveats, groupsInPage }));
  const sizes = await stateSizesSection(run, results.plan, looks, `${before}sizes`);
  const suite = micro === null ? null : microSection(micro, before);
  const opening =
    label === null
      ? null
      : html`<section class="run" id="${before}run"><h2 class="run-name">${label}</h2><p class="lead">${headline(results, run)}</p>`;
  const body = html`${opening}${sizes}${groups}${suite}${validity(results, run, caveats, `${before}validity`)}`;
  const links =
    label === null
      ? html`${sizes === null ? null : html`<a href="#sizes">State size</a>`}${micro === null ? null : html`<a href="#micro">Micro-suite</a>`}<a href="#validity">Validity</a><a href="#reproduce">Run it again</a>`
      : html`<a href="#${before}run">${label}</a>`;
  return { body, links };
}

/** Runs by what tells them apart: the machine, and when they began where that is the same; null where there is only one. */
function runLabels(all: readonly Results[]): readonly (string | null)[] {
  if (all.length === 1) return [null];
  const machines = all.map(
    ({ environment }) => `${plainText(environment.cpu)}, ${environment.cores} core${environment.cores === 1 ? '' : 's'}`,
  );
  const times = all.map(({ plan }) => plan.startedAt.slice(0, 16).replace('T', ' '));
  const labels = machines.map((machine, i) =>
    machines.filter((other) => other === machine).length === 1 ? machine : `${machine}, ${times[i]}`,
  );
  return labels.map((label, i) => (labels.indexOf(label) === labels.lastIndexOf(label) ? label : `${label} (${i + 1})`));
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

function banner(caveats: readonly Caveat[], label: string | null): readonly Markup[] {
  const of = label === null ? '' : `${label}: `;
  return caveats.filter(({ tone }) => tone === 'alarm').map(({ text }) => html`<p class="banner" role="alert">${of}${text}</p>`);
}

function pageGroup(
  group: GroupSummary,
  prefix: string,
  {
    machine,
    plan,
    run,
    looks,
    groupsInPage,
  }: { readonly machine: string; readonly plan: Plan } & Pick<Context, 'run' | 'looks' | 'groupsInPage'>,
): PageGroup {
  return {
    prefix,
    machine,
    contest: contestOf(group, plan, run),
    looks: alternativesIn(group).map(({ cell }) => looks.get(cell.backend.name)!),
    limitsAt: groupsInPage === 1 ? 'right' : 'above',
  };
}
