import type { Durability } from '../../harness/results.ts';
import { percent, rounded, withUnit } from '../quantity.ts';
import type { Recommendation } from '../recommend.ts';
import type { PairedRatio } from '../statistics/ratio.ts';
import { MARGIN } from '../statistics/verdict.ts';
import { type Check, type Checked, isRecoveryDoubt } from './checks.ts';
import { inverse } from './choice.ts';
import { type Contender, type Contest, type CriterionName, criterionOf } from './contest.ts';
import type { Estimate, Evidence } from './evidence.ts';
import type { Change, Flip } from './flips.ts';
import { measuringCommand } from './measuring-command.ts';
import { amountWords, limitWords } from './needs.ts';
import { capitalised, listed, type Phrase, type Strong } from './phrase.ts';
import { recoveryDoubtWords } from './recovery-words.ts';

const SURVIVES: Readonly<Record<Durability, string>> = { volatile: 'nothing', 'process-crash': 'process crash', 'os-crash': 'OS crash' };

/** What state of a durability class survives: "nothing", "process crash", "OS crash". */
export function survivalOf(durability: Durability): string {
  return SURVIVES[durability];
}

/** "lmdb", "lmdb or level", "None meets every limit". */
export function headlineOf({ kind, choice, needs }: Recommendation): string {
  const names = choice.picks.map(({ name }) => name);
  switch (kind) {
    case 'pick':
    case 'tie':
      return names.length <= 3 ? listed(names, 'or') : `One of ${names.length} that these data cannot tell apart`;
    case 'none':
      return 'None meets every limit';
    case 'undecided':
      return choice.isInsufficient || needs.limits.length === 0 ? 'No answer yet' : 'Undecided';
    case 'nothing':
      return 'None of these';
  }
}

/** Why, in two or three sentences. */
export function whyOf(recommendation: Recommendation, evidence: Evidence): Phrase {
  switch (recommendation.kind) {
    case 'pick':
      return whyPick(recommendation, evidence);
    case 'tie':
      return whyTie(recommendation, evidence);
    case 'none':
      return whyNone(recommendation);
    case 'undecided':
      return whyUndecided(recommendation, evidence);
    case 'nothing':
      return ['No backend finished every trial with the right output.'];
  }
}

function whyPick({ choice, needs }: Recommendation, evidence: Evidence): Phrase {
  const [pick] = choice.picks as [Contender];
  const count = limitsIn(needs);
  const rate = figure(evidence.estimate(pick, 'throughput'), 'throughput');
  const others = choice.fastest.filter((one) => one !== pick);
  const isAlone = choice.passing.length === 1;
  const shown = choice.checked.some(({ outcome }) => outcome === 'undecided') ? 'shown to meet' : 'that meets';
  const meets = count === 0 ? [] : [isAlone ? `It is the only one ${shown} ${everyLimit(count)}` : `It meets ${everyLimit(count)}`];
  const lead: Phrase = (() => {
    if (isAlone) return count === 0 ? ['It is the only one that competes: ', rate, '.'] : [...meets, ': ', rate, '.'];
    if (others.length > 0)
      return [
        ...meets,
        count === 0 ? 'By throughput (' : '. By throughput (',
        rate,
        ') ',
        ...besides(pick, others, choice.weighed, evidence),
      ];
    const [next] = choice.slower;
    if (next === undefined) return [...meets, count === 0 ? 'It handles ' : ' and handles ', rate, '.'];
    const { contender, ratio } = next;
    const times: Phrase = [
      { strong: `${timesOf(ratio)} × the events of ${contender.name}`, evidence: 'throughput' },
      ` (${rangeOf(ratio)})`,
    ];
    return count === 0
      ? ['At ', rate, ' it handles ', ...times, ', the next best.']
      : [...meets, ` and handles `, ...times, ', the next that does: ', rate, '.'];
  })();
  return [...lead, ...stops(pick, evidence), ...fasterInDoubt(pick, choice, evidence)];
}

/** The fastest of those that would be the answer instead if what is undecided of them came out well. */
function fasterInDoubt(pick: Contender, { checked }: Recommendation['choice'], evidence: Evidence): Phrase {
  const [first] = checked
    .filter(({ outcome, contender }) => outcome === 'undecided' && evidence.isBetter(contender, pick, 'throughput'))
    .map(({ contender }) => ({ contender, ratio: evidence.advantage(contender, pick, 'throughput')! }))
    .toSorted((a, b) => b.ratio.ratio - a.ratio.ratio);
  if (first === undefined) return [];
  const { contender, ratio } = first;
  return [
    ` But ${contender.name}, at `,
    { strong: `${timesOf(ratio)} × its events`, evidence: 'throughput' },
    ` (${rangeOf(ratio)}), is not ruled out: these data do not tell whether it keeps to the limits.`,
  ];
}

/** Why one of several that are as fast is the answer. */
function besides(pick: Contender, others: readonly Contender[], weighed: readonly CriterionName[], evidence: Evidence): Phrase {
  const better = weighed
    .map((name) => ({ name, worst: others.toSorted((a, b) => logOf(evidence, b, name) - logOf(evidence, a, name))[0]! }))
    .filter(({ name, worst }) => evidence.isBetter(pick, worst, name))
    .map(
      ({ name, worst }) =>
        `${criterionOf(name).title} ${text(evidence.estimate(pick, name), name)} against ${text(evidence.estimate(worst, name), name)}`,
    );
  const titles = weighed.map((name) => criterionOf(name).title);
  return [
    `it cannot be told from ${listed(
      others.map(({ name }) => name),
      'and',
    )}; in the rest (${titles.join(', ')}, weighed alike) `,
    { strong: 'it is the best' },
    better.length === 0 ? '.' : `: ${better.slice(0, 2).join('; ')}.`,
  ];
}

function logOf(evidence: Evidence, contender: Contender, name: CriterionName): number {
  return Math.log(evidence.estimate(contender, name)?.value ?? 1);
}

/** What stops the stream: pauses, and the restore after a crash. */
function stops(pick: Contender, evidence: Evidence): Phrase {
  const pause = evidence.estimate(pick, 'pause');
  const restore = evidence.estimate(pick, 'restore');
  if (pause === null && restore === null) return [];
  return [
    ...(pause === null ? [] : [' A checkpoint stops the stream for ', figure(pause, 'pause')]),
    ...(restore === null ? [] : [`${pause === null ? ' A' : '; a'}fter SIGKILL its state is restored in `, figure(restore, 'restore')]),
    '.',
  ];
}

function whyTie({ choice, needs, contest }: Recommendation, evidence: Evidence): Phrase {
  const names = choice.picks.map(({ name }) => name);
  const limit = contest.smallestEffect ?? MARGIN;
  const said =
    limit > MARGIN
      ? `differences under ${percent(limit)} are not decided by this run`
      : `their differences are within the noise or under ${percent(MARGIN)}`;
  const count = limitsIn(needs);
  const rest =
    choice.weighed.length === 0
      ? ''
      : `, nor by ${listed(
          choice.weighed.map((name) => criterionOf(name).title),
          'and',
        )} weighed together`;
  const [slower] = choice.slower;
  const next: Phrase =
    slower === undefined
      ? []
      : [
          ` ${slower.than.name} handles `,
          { strong: `${timesOf(slower.ratio)} × the events of ${slower.contender.name}`, evidence: 'throughput' },
          ` (${rangeOf(slower.ratio)}), the next best.`,
        ];
  const rates = ratesOf(choice.picks, evidence);
  return [
    { strong: listed(names, 'and') },
    `${count === 0 ? '' : ` meet ${everyLimit(count)} and`} cannot be told apart by throughput (`,
    ...rates,
    `)${rest}: ${said}.`,
    ...next,
  ];
}

/** Throughput of several: of each where they are few, else from the least to the most; once where all read alike. */
function ratesOf(contenders: readonly Contender[], evidence: Evidence): Phrase {
  const estimates = contenders
    .map((one) => ({ one, estimate: evidence.estimate(one, 'throughput')! }))
    .toSorted((a, b) => b.estimate.value - a.estimate.value);
  const [first, ...rest] = estimates.map(({ one, estimate }) => ({ name: one.name, rate: figure(estimate, 'throughput') }));
  if (first === undefined) return [];
  if (rest.every(({ rate }) => rate.strong === first.rate.strong)) return [first.rate];
  if (rest.length > 2) return [rest.at(-1)!.rate, ' to ', first.rate];
  return [first, ...rest].flatMap(({ name, rate }, i) => [`${i === 0 ? '' : ', '}${name} `, rate]);
}

function whyNone({ nearest, contest }: Recommendation): Phrase {
  if (nearest === null) return ['Every backend misses a limit.'];
  return [
    'Every backend misses a limit. Nearest is ',
    { strong: nearest.contender.name },
    `: ${nearest.misses.map((check) => missWords(check, nearest.contender, contest)).join('; ')}.`,
  ];
}

function whyUndecided({ choice, contest, blocksNeeded, needs }: Recommendation, evidence: Evidence): Phrase {
  if (contest.smallestEffect === null || choice.isInsufficient) {
    const [first] = contest.contenders
      .filter(({ standing, isTwin }) => standing === 'correct' && !isTwin)
      .toSorted((a, b) => (evidence.estimate(b, 'throughput')?.value ?? 0) - (evidence.estimate(a, 'throughput')?.value ?? 0));
    const highest =
      first === undefined
        ? ''
        : ` The highest figure is that of ${first.name}, ${text(evidence.estimate(first, 'throughput'), 'throughput')}: that is no finding.`;
    const blocks = `${contest.blocks} block${contest.blocks === 1 ? '' : 's'}`;
    return [
      contest.smallestEffect === null && contest.why === 'twin-differs'
        ? `A store measured twice (A/A) differed from itself in throughput, so throughput decides nothing in this run.${highest} Measure again on a quieter machine, with `
        : contest.smallestEffect === null && contest.why === 'no-twin'
          ? `No A/A shows how far throughput scatters here, so it decides nothing in this run.${highest} Go on with the run, or run it with `
          : contest.smallestEffect === null
            ? `The profile ${contest.profile} (${blocks}) shows that these backends run; it decides nothing.${highest} Run it again with `
            : `Too few blocks are finished to decide anything.${highest} Go on with the run, or run it with `,
      { strong: '--profile standard' },
      '.',
      ...decidingCommand(choice.checked, contest),
    ];
  }
  const open = choice.checked.filter(({ outcome }) => outcome === 'undecided');
  const told = open.slice(0, 2).map(({ contender, checks }) => {
    const doubts = checks.filter(({ state }) => state === 'undecided').map((check) => doubtWords(check, contender, contest));
    return `${contender.name}: ${doubts.join('; ')}`;
  });
  const more =
    open.length > told.length
      ? ` ${open.length - told.length} more ${open.length - told.length === 1 ? 'is' : 'are'} undecided as well.`
      : '';
  const count = limitsIn(needs);
  return [
    `No backend is shown to meet ${everyLimit(count)}, and these data do not rule out that one does. ${told.join('. ')}.${more}`,
    ...(blocksNeeded === null
      ? []
      : [
          ' Measure ',
          { strong: `${blocksNeeded - contest.blocks > 0 ? `${blocksNeeded - contest.blocks} more blocks` : `${blocksNeeded} blocks`}` },
          ` (${blocksNeeded} in all) to tell.`,
        ]),
    ...decidingCommand(choice.checked, contest),
  ];
}

/** The command that measures what a need limits and this run did not measure. */
function decidingCommand(checked: readonly Checked[], contest: Recommendation['contest']): Phrase {
  const unmeasured = checked.flatMap(({ checks }) =>
    checks.flatMap(({ need, doubt }) => (typeof need === 'object' && doubt === 'not-measured' ? need.criterion : [])),
  );
  const command = measuringCommand(contest, unmeasured);
  return command === null ? [] : [' To decide it, run: ', { strong: command }];
}

/** How one backend stands under the needs. */
export interface Line {
  readonly tone: 'good' | 'bad' | 'plain';
  /** Symbol and word: "✓ meets all". */
  readonly mark: string;
  readonly detail: string;
}

/** A line on every contender, the answer first, then those that pass, are undecided, miss, are out. */
export function linesOf(
  recommendation: Recommendation,
  evidence: Evidence,
): readonly { readonly contender: Contender; readonly line: Line }[] {
  const { choice } = recommendation;
  const place = ({ outcome, contender }: Checked) =>
    choice.picks.includes(contender) ? -1 : ['passes', 'undecided', 'misses', 'out'].indexOf(outcome);
  const rate = ({ contender }: Checked) => evidence.estimate(contender, 'throughput')?.value ?? 0;
  return choice.checked
    .toSorted(
      (a, b) =>
        place(a) - place(b) || Number(a.contender.standing !== 'correct') - Number(b.contender.standing !== 'correct') || rate(b) - rate(a),
    )
    .map((checked) => ({ contender: checked.contender, line: lineOf(checked, recommendation, evidence) }));
}

function lineOf({ contender, outcome, checks }: Checked, recommendation: Recommendation, evidence: Evidence): Line {
  const { choice, front, needs } = recommendation;
  switch (outcome) {
    case 'out':
      return outLine(contender);
    case 'misses': {
      const misses = checks.filter(({ state }) => state === 'missed').map((check) => missWords(check, contender, evidence.contest));
      return { tone: 'bad', mark: '✕ misses', detail: misses.join(' · ') };
    }
    case 'undecided':
      return {
        tone: 'plain',
        mark: '? undecided',
        detail: checks
          .filter(({ state }) => state === 'undecided')
          .map((check) => doubtWords(check, contender, evidence.contest))
          .join(' · '),
      };
    case 'passes': {
      const meets = limitsIn(needs) === 0 ? '✓ competes' : '✓ meets all';
      if (choice.isInsufficient) return { tone: 'plain', mark: '– undecided', detail: 'too few blocks for a verdict' };
      if (choice.picks.includes(contender)) {
        const detail =
          choice.picks.length > 1
            ? 'nothing here tells these apart'
            : choice.fastest.length > 1
              ? 'among the fastest, and the best in the rest'
              : 'the fastest that does';
        return {
          tone: 'good',
          mark: limitsIn(needs) === 0 ? '✓ best' : meets,
          detail: limitsIn(needs) === 0 && choice.picks.length === 1 && choice.fastest.length === 1 ? 'the fastest' : detail,
        };
      }
      return { tone: 'plain', mark: meets, detail: behind(contender, recommendation, evidence, front) };
    }
  }
}

function behind(contender: Contender, { choice }: Recommendation, evidence: Evidence, front: readonly Contender[]): string {
  const [pick] = choice.picks;
  if (pick === undefined) return '';
  const slower = choice.slower.find((one) => one.contender === contender);
  const ratio = slower?.ratio ?? null;
  const isTied = ratio === null;
  const isShown = ratio?.interval != null && ratio.interval.low > 1;
  const speed =
    ratio === null
      ? 'not shown to be slower, not as good in the rest'
      : `${timesOf(ratio)} × slower than ${slower!.than.name} (${rangeOf(ratio)})${isShown ? '' : ': not shown by itself, but its mean is below that of one that is'}`;
  const better = (['p99', 'pause', 'restore', 'recovery', 'rss'] as const)
    .filter((name) => evidence.isBetter(contender, pick, name))
    .map(
      (name) =>
        `${criterionOf(name).title} ${text(evidence.estimate(contender, name), name)} against ${text(evidence.estimate(pick, name), name)}`,
    );
  if (better.length > 0) return `${speed}; ${better.slice(0, 2).join(', ')}`;
  return front.includes(contender) || isTied ? speed : `${speed}, and better in nothing`;
}

function outLine({ isTwin, standing, trouble, name }: Contender): Line {
  if (standing === 'correct' && isTwin)
    return { tone: 'plain', mark: '– A/A', detail: `${name.split('@')[0]} once more, to show the noise; does not compete` };
  const marks = { correct: '', wrong: '✕ wrong output', failed: '✕ failed', unchecked: '✕ unchecked', missing: '✕ not run' } as const;
  return { tone: 'bad', mark: marks[standing], detail: trouble };
}

/** Which need is missed, and by how much. */
function missWords({ need, estimate, excess, doubt }: Check, contender: Contender, contest: Contest): string {
  const { durability } = contender;
  if (need === 'durability')
    return durability === 'volatile'
      ? 'state lost with the process (checkpoints remain)'
      : `state survives a ${survivalOf(durability)} only`;
  if (need === 'servers') return 'needs a server';
  if (estimate === null && isRecoveryDoubt(doubt)) return recoveryDoubtWords(doubt, contender, contest);
  const { title, better } = criterionOf(need.criterion);
  const over = excess ?? 1;
  const by =
    better === 'more'
      ? `${percent(1 - 1 / over)} short`
      : over < 2
        ? `${percent(over - 1)} over`
        : `${rounded(over, 0.05 * over)} × the limit`;
  return `${title === 'throughput' ? '' : `${title} `}${text(estimate, need.criterion)}, ${by}`;
}

function doubtWords({ need, estimate, doubt, blocksNeeded }: Check, contender: Contender, contest: Contest): string {
  if (typeof need === 'string') return need;
  if (need.criterion === 'recovery' && estimate === null && isRecoveryDoubt(doubt)) return recoveryDoubtWords(doubt, contender, contest);
  const { title } = criterionOf(need.criterion);
  if (doubt === 'not-measured' || estimate === null) return `${title} was not measured`;
  const { interval } = estimate;
  const half = interval === null ? null : (interval.high - interval.low) / 2;
  const range =
    interval === null
      ? text(estimate, need.criterion)
      : `${withUnit(criterionOf(need.criterion).kind, interval.low, half)} to ${withUnit(criterionOf(need.criterion).kind, interval.high, half)}`;
  if (doubt === 'profile') return `${title} ${range}, too near the limit of ${amountWords(need.criterion, need.limit)} for this run`;
  if (doubt === 'twin-differs')
    return `${title} ${range}, which decides nothing in this run: a store measured twice (A/A) differed from itself in it`;
  if (doubt === 'no-twin') return `${title} ${range}, which decides nothing in this run: no A/A shows how far it scatters`;
  if (doubt === 'too-few-blocks') return `${title} ${range} in too few blocks for an interval`;
  const more = blocksNeeded === null ? 'which no number of blocks would tell' : `${blocksNeeded} blocks would tell`;
  return `${title} ${range}, around the limit of ${amountWords(need.criterion, need.limit)}: ${more}`;
}

/** What would change the answer, and to what. */
export function flipPhrase({ changes, instead }: Flip, recommendation: Recommendation, evidence: Evidence): Phrase {
  const whens = changes.map(changeWords);
  const [pick] = recommendation.choice.picks;
  const then: Phrase =
    instead.length === 0
      ? ['none would meet every limit']
      : [
          {
            strong: listed(
              instead.slice(0, 3).map(({ name }) => name),
              'or',
            ),
          },
        ];
  const [first] = instead;
  // The same words as in the answer, where that compares the two.
  const told = recommendation.choice.slower.find(({ contender, than }) => contender === first && than === pick);
  const ratio =
    told !== undefined
      ? inverse(told.ratio)
      : pick === undefined || first === undefined
        ? null
        : evidence.advantage(first, pick, 'throughput');
  const isElsewhere = changes.some(({ kind }) => kind === 'size');
  const times = isElsewhere
    ? ', which is faster there'
    : ratio === null
      ? ''
      : ratio.ratio >= 1
        ? ` (${timesOf(ratio)} × as fast)`
        : ` (${timesOf(inverse(ratio))} × slower)`;
  return capitalised([`if ${listed(whens, 'and')}: `, ...then, `${times}.`]);
}

function changeWords(change: Change): string {
  switch (change.kind) {
    case 'durability':
      if (change.to === 'volatile') return 'the working state may go with the process (the checkpoint remains)';
      return `the working state ${change.from === 'os-crash' ? 'need only survive' : 'must survive'} the crash of ${change.to === 'os-crash' ? 'the machine' : 'a process'}`;
    case 'servers':
      return change.to ? 'a server may run' : 'no server may run';
    case 'size': {
      const { side, n, low, high, here } = change;
      const entries = (count: number) => rounded(count, count / 20);
      return `the state has ${side === 'above' ? 'more' : 'less'} than about ${entries(n)} entries (${entries(low)} to ${entries(high)}; here ${entries(here)})`;
    }
    case 'truth': {
      const { check, contender } = change;
      const limit = typeof check.need === 'object' ? limitWords(check.need) : '';
      return `${contender.name} in truth meets ${limit}${check.blocksNeeded === null ? '' : ` (${check.blocksNeeded} blocks would tell)`}`;
    }
    case 'limit': {
      const { to, from } = change;
      const { better, title } = criterionOf(to.criterion);
      const amount = amountWords(to.criterion, to.limit);
      const looser = from !== null && (better === 'more' ? to.limit < from.limit : to.limit > from.limit);
      if (looser) return better === 'more' ? `${amount} are enough` : `${title} may be ${amount}`;
      return better === 'more' ? `${amount} are needed` : `${title} must stay within ${amount}`;
    }
  }
}

/** That another backend would not help, where little of the time goes into the store; null where it may. */
export function littleToGainWords({ littleToGain }: Recommendation): Phrase | null {
  if (littleToGain === null) return null;
  const { contender, share, timesMost } = littleToGain;
  return [
    'The store takes ',
    { strong: `${percent(share)} of the time` },
    ` of ${contender.name}: changing the backend will not help (a store without cost would be ${rounded(timesMost, 0.02)} × as fast at most).`,
  ];
}

/** What the percentiles are of. */
export function percentileNote({ percentiles }: Recommendation['contest']): string {
  return percentiles === 'latency'
    ? 'p50, p99 and p99.9 are latency at 70 % of the rate that each backend sustains.'
    : 'p50, p99 and p99.9 are undecided: latency was not measured. The service time of a closed loop does not answer a need on latency.';
}

/** How many limits there are. */
export function limitsIn({ limits, durability, servers }: Recommendation['needs']): number {
  return limits.length + (durability === 'volatile' ? 0 : 1) + (servers ? 0 : 1);
}

const COUNTS = ['no limit', 'the limit', 'both limits', 'all three limits', 'all four limits', 'all five limits', 'all six limits'];

/** "both limits". */
export function everyLimit(count: number): string {
  return COUNTS[count] ?? `all ${count} limits`;
}

function text(estimate: Estimate | null, name: CriterionName): string {
  if (estimate === null) return 'not measured';
  const { value, interval } = estimate;
  return withUnit(criterionOf(name).kind, value, interval === null ? null : (interval.high - interval.low) / 2);
}

function figure(estimate: Estimate | null, name: CriterionName): Strong {
  return { strong: text(estimate, name), evidence: name };
}

/** "2.2" of a ratio, as its interval supports. */
export function timesOf({ ratio, interval }: PairedRatio): string {
  return rounded(ratio, interval === null ? ratio * 0.05 : interval.high - interval.low);
}

/** "2.0 to 2.4" of a ratio. */
export function rangeOf({ interval }: PairedRatio): string {
  if (interval === null) return 'no interval';
  const width = interval.high - interval.low;
  return `${rounded(interval.low, width)} to ${rounded(interval.high, width)}`;
}
