import type { Durability, Plan } from '../harness/results.ts';
import { plainText } from './plain-text.ts';
import { percent, rounded, withUnit } from './quantity.ts';
import type { MetricName } from './statistics/metrics.ts';
import { measure } from './statistics/metrics.ts';
import { type ByBlock, holm, type PairedRatio, pairedRatio } from './statistics/ratio.ts';
import type { CellSummary, GroupSummary } from './statistics/summary.ts';
import { survives, throughputByBlock, throughputOf } from './statistics/summary.ts';
import { tiersOf } from './statistics/tiers.ts';
import { MARGIN, verdictOf } from './statistics/verdict.ts';

/** A sentence; what is strong is what to read first. Plain text from results, not escaped for any output. */
export type Phrase = readonly (string | { readonly strong: string })[];

/** What the data say about one group: the answer first, then why, then what would change it. */
export interface Decision {
  /** Cells of the best tier; empty where nothing can be said.  */
  readonly picks: readonly CellSummary[];
  /** "lmdb", "lmdb or level", "No answer yet". */
  readonly headline: string;
  readonly why: Phrase;
  /** Circumstances under which another backend would be the answer; empty if these data know none. */
  readonly flip: readonly Phrase[];
}

/** How a cell stands, in words, for the line beside its name. */
export interface StandingLine {
  readonly tone: 'good' | 'bad' | 'plain';
  /** Symbol and word: "✓ best tier", "✕ failed". */
  readonly mark: string;
  readonly detail: string;
}

const SURVIVES: Readonly<Record<Durability, string>> = { volatile: 'nothing', 'process-crash': 'process crash', 'os-crash': 'OS crash' };

/** What state of a durability class survives: "nothing", "process crash", "OS crash". */
export function survivalOf(durability: Durability): string {
  return SURVIVES[durability];
}

/** The answer for `group`. */
export function decide(group: GroupSummary, plan: Plan): Decision {
  const byId = new Map(group.candidates.map((cell) => [cell.cell.id, cell]));
  const name = (id: string) => nameOf(byId.get(id)!);
  const measured = group.candidates.filter((cell) => throughputOf(cell) !== null);
  if (group.tiers === null) {
    const [first] = measured.filter(({ standing }) => standing === 'correct').toSorted((a, b) => throughputOf(b)! - throughputOf(a)!);
    const highest = first === undefined ? '' : ` The highest figure is that of ${nameOf(first)}, ${rateOf(first)}: that is no finding.`;
    const blocks = `${plan.profile.blocks} block${plan.profile.blocks === 1 ? '' : 's'}`;
    return {
      picks: [],
      headline: 'No answer yet',
      why: [
        `The profile ${plan.profile.name} (${blocks}) shows that these backends run; it decides nothing.${highest} Run it again with `,
        { strong: '--profile standard' },
        '.',
      ],
      flip: [],
    };
  }
  const [best, second] = group.tiers;
  if (best === undefined) {
    return { picks: [], headline: 'None of these', why: ['No backend finished every trial with the right output.'], flip: [] };
  }
  const members = best.members;
  const picks = members.map((id) => byId.get(id)!);
  const next = second?.members[0];
  const ratio = next === undefined ? null : (best.against.find(({ id }) => id === next)?.ratio ?? null);
  const lead: Phrase =
    next === undefined || ratio === null
      ? []
      : [
          picks.length === 1 ? 'handles ' : 'the best of them handles ',
          { strong: `${timesOf(ratio, true)} × the events of ${name(next)}` },
          ` (${rangeOf(ratio, true)}), the next best`,
        ];
  return {
    picks,
    headline: members.length <= 3 ? listed(members.map(name), 'or') : `One of ${members.length} that these data cannot tell apart`,
    why: picks.length === 1 ? whyOne(picks[0]!, lead) : whySeveral(picks, lead, plan),
    flip: [...durabilityFlips(group, picks, plan), ...metricFlips(group, picks, plan), ...storeShareFlip(picks)],
  };
}

function whyOne(pick: CellSummary, lead: Phrase): Phrase {
  const { pauseMs, recoveryMs } = pick.metrics;
  const rate = rateOf(pick);
  return [
    ...(lead.length === 0 ? [`It is the only one that competes: ${rate}.`] : ['At ', { strong: rate }, ' it ', ...lead, '.']),
    ...(pauseMs === null ? [] : [' A checkpoint stops the stream for ', { strong: withUnit('time', pauseMs.median) }]),
    ...(recoveryMs === null
      ? []
      : [
          `${pauseMs === null ? ' A' : '; a'}fter SIGKILL it is back at the same event in `,
          { strong: withUnit('time', recoveryMs.median) },
        ]),
    ...(pauseMs === null && recoveryMs === null ? [] : ['.']),
  ];
}

function whySeveral(picks: readonly CellSummary[], lead: Phrase, plan: Plan): Phrase {
  const limit = plan.profile.smallestEffect ?? MARGIN;
  const most = listed(picks.map(nameOf), 'and');
  const said =
    limit > MARGIN
      ? `differences under ${percent(limit)} are not decided by this profile`
      : `their differences are within the noise or under ${percent(MARGIN)}`;
  return [{ strong: most }, ` cannot be told apart here: ${said}.`, ...(lead.length === 0 ? [] : [' ', ...capitalised(lead), '.'])];
}

/** For each stronger durability class that changes the answer: which one then. */
function durabilityFlips(group: GroupSummary, picks: readonly CellSummary[], plan: Plan): readonly Phrase[] {
  const [pick] = picks;
  const seen = new Set<string>(picks.map(({ cell }) => cell.id));
  if (pick === undefined) return [];
  return (['process-crash', 'os-crash'] as const).flatMap((need): readonly Phrase[] => {
    if (picks.some(({ cell }) => survives(cell.backend.durability, need))) return [];
    const able = group.candidates.filter(
      ({ standing, cell, isTwin }) => standing === 'correct' && survives(cell.backend.durability, need) && !isTwin,
    );
    const tiers = tiersOf(
      able.map((cell) => ({ id: cell.cell.id, mean: throughputOf(cell) ?? 0, byBlock: throughputByBlock(cell) })),
      plan.profile.smallestEffect,
    );
    const members = tiers?.[0]?.members ?? [];
    const cells = members.map((id) => able.find(({ cell }) => cell.id === id)!);
    if (cells.length === 0 || cells.every(({ cell }) => seen.has(cell.id))) return [];
    for (const { cell } of cells) seen.add(cell.id);
    const ratio = pairedRatio(throughputByBlock(pick), throughputByBlock(cells[0]!));
    const cost = ratio === null ? '' : ` (${nameOf(pick)} is ${timesOf(ratio, false)} × as fast)`;
    return [
      [
        `If the working state itself must survive ${need === 'process-crash' ? 'the crash of a process' : 'the crash of the machine'}: `,
        { strong: listed(cells.slice(0, 3).map(nameOf), 'or') },
        `${cost}.`,
      ],
    ];
  });
}

const LOWER: readonly { readonly metric: MetricName; readonly kind: 'time' | 'bytes'; readonly words: string }[] = [
  { metric: 'batchP99Ms', kind: 'time', words: 'If the slowest micro-batches matter more (p99)' },
  { metric: 'recoveryMs', kind: 'time', words: 'If recovery matters more' },
  { metric: 'rssBytesMax', kind: 'bytes', words: 'If memory is short' },
];

/** For each metric in which another backend is decidedly better than every pick: the best in it. */
function metricFlips(group: GroupSummary, picks: readonly CellSummary[], plan: Plan): readonly Phrase[] {
  const others = group.candidates.filter((cell) => cell.standing === 'correct' && !picks.includes(cell) && !cell.isTwin);
  return LOWER.flatMap(({ metric, kind, words }): readonly Phrase[] => {
    const values = (cell: CellSummary): ByBlock =>
      new Map(
        cell.trials.flatMap((trial) => {
          const value = measure(metric, trial);
          return value === null ? [] : [[trial.block, value] as const];
        }),
      );
    const middle = (cell: CellSummary) => cell.metrics[metric]?.median ?? Number.POSITIVE_INFINITY;
    const best = picks.toSorted((a, b) => middle(a) - middle(b))[0];
    if (best === undefined || !Number.isFinite(middle(best))) return [];
    const ratios = holm(others.map((cell) => pairedRatio(values(cell), values(best))));
    const lower = others
      .filter((_, i) => verdictOf(ratios[i]!, plan.profile.smallestEffect).word === 'slower')
      .toSorted((a, b) => middle(a) - middle(b))[0];
    if (lower === undefined) return [];
    return [[`${words}: `, { strong: nameOf(lower) }, ` (${withUnit(kind, middle(lower))} against ${withUnit(kind, middle(best))}).`]];
  });
}

const LITTLE = 0.2;

function storeShareFlip(picks: readonly CellSummary[]): readonly Phrase[] {
  const [pick] = picks;
  const share = pick?.metrics.storeShare?.median ?? 1;
  return share >= LITTLE
    ? []
    : [[`Only ${percent(share)} of the time of ${nameOf(pick!)} goes into the store: changing the backend will not help further.`]];
}

/** What is to be said of a cell's output in a word. */
export function outputMark({ standing }: Pick<CellSummary, 'standing'>): string {
  const marks = { correct: '✓ exact', wrong: '✕ wrong', failed: '✕ failed', unchecked: '✕ none', missing: '✕ none', 'harness-cost': '' };
  return marks[standing];
}

/** Where a cell stands against the best of its group. */
export function standingLine(cell: CellSummary, group: GroupSummary, plan: Plan): StandingLine {
  const first = cell.failures[0];
  const blocks = plan.profile.blocks;
  const trials = cell.trials.length + cell.superseded + cell.failures.length;
  if (first !== undefined) {
    const of = trials === 1 ? '' : ` in ${cell.failures.length} of ${trials} trials`;
    return { tone: 'bad', mark: '✕ failed', detail: `during ${first.phase}${of}: ${plainText(first.message)} (${plainText(first.code)})` };
  }
  if (cell.standing === 'wrong')
    return { tone: 'bad', mark: '✕ wrong output', detail: `in ${cell.wrong.length} of ${trials} trials: its figures count for nothing` };
  if (cell.standing === 'missing') return { tone: 'bad', mark: '✕ not run', detail: 'no trial finished before the run ended' };
  if (cell.standing === 'unchecked') return { tone: 'bad', mark: '✕ unchecked', detail: 'no output was compared with the oracle' };
  const partial = cell.trials.length < blocks ? ` · ${cell.trials.length} of ${blocks} blocks` : '';
  if (!survives(cell.cell.backend.durability, group.need))
    return {
      tone: 'plain',
      mark: '– not compared',
      detail: `its working state survives ${survivalOf(cell.cell.backend.durability)}${partial}`,
    };
  if (cell.isTwin) return { tone: 'plain', mark: '– A/A', detail: `${group.reference} once more, to show the noise; does not compete` };
  if (cell.tier === null) return { tone: 'plain', mark: '– undecided', detail: `too few blocks for a verdict${partial}` };
  if (cell.tier === 1) {
    const shared = (group.tiers?.[0]?.members.length ?? 1) > 1;
    return {
      tone: 'good',
      mark: '✓ best tier',
      detail: `${shared ? 'shared: the data cannot tell its members apart' : 'alone'}${partial}`,
    };
  }
  const ratio = group.tiers?.[0]?.against.find(({ id }) => id === cell.cell.id)?.ratio ?? null;
  const best = group.candidates.find((other) => other.cell.id === group.tiers?.[0]?.members[0]);
  if (ratio === null || best === undefined) return { tone: 'plain', mark: `tier ${cell.tier}`, detail: partial };
  return {
    tone: 'plain',
    mark: `tier ${cell.tier}`,
    detail: `${timesOf(ratio, true)} × slower than ${nameOf(best)} (${rangeOf(ratio, true)})${partial}`,
  };
}

/** "2.2" of a ratio, or of its inverse, as its interval supports. */
export function timesOf(ratio: PairedRatio, inverse: boolean): string {
  const { low, high } = ends(ratio, inverse);
  return rounded(inverse ? 1 / ratio.ratio : ratio.ratio, high - low);
}

/** "2.0 to 2.4" of a ratio, or of its inverse. */
export function rangeOf(ratio: PairedRatio, inverse: boolean): string {
  const { low, high } = ends(ratio, inverse);
  return ratio.interval === null ? 'no interval' : `${rounded(low, high - low)} to ${rounded(high, high - low)}`;
}

function ends({ interval, ratio }: PairedRatio, inverse: boolean) {
  const { low, high } = interval ?? { low: ratio * 0.95, high: ratio * 1.05 };
  return inverse ? { low: 1 / high, high: 1 / low } : { low, high };
}

/** A backend's name as text of one line. */
export function nameOf({ cell }: Pick<CellSummary, 'cell'>): string {
  return plainText(cell.backend.name);
}

function rateOf({ metrics }: CellSummary): string {
  const sample = metrics.eventsPerSecond!;
  const half = sample.interval === null ? null : (sample.interval.high - sample.interval.low) / 2;
  return withUnit('rate', sample.mean ?? sample.median, half);
}

function listed(names: readonly string[], word: 'and' | 'or'): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`;
}

function capitalised([first, ...rest]: Phrase): Phrase {
  return typeof first === 'string' ? [`${first.charAt(0).toUpperCase()}${first.slice(1)}`, ...rest] : [first!, ...rest];
}

/** A phrase as plain text. */
export function asText(phrase: Phrase): string {
  return phrase.map((part) => (typeof part === 'string' ? part : part.strong)).join('');
}
