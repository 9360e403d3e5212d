import type { MicroResults } from '../harness/results.ts';
import { type Caveat, caveatsOf } from './caveats.ts';
import { type Decision, decide, nameOf } from './decision.ts';
import { groupTitle } from './group-title.ts';
import type { Results } from './read-results.ts';
import type { Check } from './recommend/checks.ts';
import type { Contender, Contest } from './recommend/contest.ts';
import { measuringCommand } from './recommend/measuring-command.ts';
import { limitText, type Needs, needTexts } from './recommend/needs.ts';
import { asText } from './recommend/phrase.ts';
import { circumstancesWords, modelLines } from './recommend/recovery-words.ts';
import type { Stability } from './recommend/stability.ts';
import { steadinessOf } from './recommend/steadiness.ts';
import { answersOf, askedOf, elsewhere } from './recommend/three-questions.ts';
import { linesOf, littleToGainWords, percentileNote } from './recommend/words.ts';
import { checkModel, recoveriesIn, USUAL_CIRCUMSTANCES } from './recovery-model.ts';
import { type GroupSummary, summarise } from './statistics/summary.ts';
import { ascii, displayWidth, type Painter, painter, type TerminalOptions, wrapped } from './terminal.ts';

/** The answer for one group of a run. */
export interface GroupRecommendation {
  readonly group: GroupSummary;
  readonly decision: Decision;
}

/** The answers of a run, and what to know before believing them. */
export interface Recommendations {
  readonly groups: readonly GroupRecommendation[];
  readonly caveats: readonly Caveat[];
  /** What the state micro-suite found, where its results lie in the same folder. */
  readonly micro: MicroResults | null;
}

/** The answer for every group of a run. */
export function recommendationsOf(
  results: Results,
  needs: Needs,
  micro: MicroResults | null = null,
  circumstances = USUAL_CIRCUMSTANCES,
): Recommendations {
  const { plan, trials } = results;
  const run = summarise(plan, trials);
  return {
    groups: run.groups.map((group) => ({ group, decision: decide(group, plan, run, needs, circumstances) })),
    caveats: caveatsOf(results, run).filter(({ tone }) => tone !== 'note'),
    micro,
  };
}

/** For a terminal: the answer, a line on every backend, what would change it, three questions on each. Ends with a newline. */
export function recommendText({ groups, caveats, micro }: Recommendations, options: TerminalOptions): string {
  const width = Math.min(100, Math.max(40, options.columns));
  const paint = painter(options);
  const toneOf = { alarm: paint.bad, warning: paint.bold, note: paint.dim };
  const told = (tones: readonly Caveat['tone'][]) =>
    caveats.filter(({ tone }) => tones.includes(tone)).flatMap(({ tone, text }) => wrapped(`! ${text}`, width, '  ').map(toneOf[tone]));
  const answers = groups.flatMap(({ group, decision }, i) => {
    const { recommendation, evidence, headline, why, flip } = decision;
    const needs = needTexts(recommendation.needs);
    const standings = linesOf(recommendation, evidence);
    const size = Math.min(20, Math.max(...standings.map(({ contender }) => displayWidth(contender.name))));
    const notes = [
      asText(littleToGainWords(recommendation) ?? []),
      steadinessOf(recommendation),
      recommendation.needs.limits.some(({ criterion }) => /^p\d/.test(criterion)) ? percentileNote(recommendation.contest) : '',
    ].filter((note) => note !== '');
    return [
      ...(i === 0 ? [] : ['']),
      ...wrapped(groupTitle(group), width, ''),
      ...wrapped(needs.length === 0 ? 'No needs but the right output.' : `Needs: ${needs.join(', ')}`, width, '  ').map(paint.dim),
      '',
      ...wrapped(recommendation.choice.picks.length === 0 ? `${headline}.` : `Use ${headline}.`, width, '').map(paint.bold),
      ...wrapped(asText(why), width, ''),
      '',
      ...standings.flatMap(({ contender, line }) => {
        const name = `${contender.name}${' '.repeat(Math.max(0, size - displayWidth(contender.name)))}`;
        const tone = line.tone === 'good' ? paint.good : line.tone === 'bad' ? paint.bad : (text: string) => text;
        return wrapped(`${name} ${line.mark}: ${line.detail}`, width, '    ').map(tone);
      }),
      ...(flip.length === 0
        ? []
        : ['', 'What would change this', ...flip.flatMap((phrase) => wrapped(`· ${asText(phrase)}`, width, '  '))]),
      ...recoveryLines(recommendation.contest, width, paint),
      ...(notes.length === 0 ? [] : ['', ...notes.flatMap((note) => wrapped(note, width, '')).map(paint.dim)]),
      ...questionLines(group, micro, width, paint),
    ];
  });
  const [alarms, warnings] = [told(['alarm']), told(['warning'])];
  const lines = [...alarms, ...(alarms.length === 0 ? [] : ['']), ...answers, ...(warnings.length === 0 ? [] : ['']), ...warnings];
  const text = `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
  return options.unicode ? text : ascii(text);
}

/** What the model of recovery says of each backend, and how well it predicts what was measured. */
function recoveryLines(contest: Contest, width: number, paint: Painter): readonly string[] {
  const lines = modelLines(contest);
  if (lines.length === 0 || contest.circumstances === undefined) return [];
  return [
    '',
    ...wrapped(`Recovery: ${circumstancesWords(contest.circumstances)}`, width, '  ').map(paint.bold),
    ...lines.flatMap(({ contender, says }) => wrapped(`${contender.name}: ${says}`, width, '    ')),
  ];
}

/** The three questions, backend by backend. */
function questionLines(group: GroupSummary, micro: MicroResults | null, width: number, paint: Painter): readonly string[] {
  const asked = askedOf(group);
  if (asked.length === 0) return [];
  return [
    ...asked.flatMap((cell) => [
      '',
      ...wrapped(nameOf(cell), width, '  ').map(paint.bold),
      ...answersOf(cell, micro).flatMap(({ question, statements }) =>
        wrapped(`${question}: ${statements.join('; ')}`, width - 2, '  ').map((line) => `  ${line}`),
      ),
    ]),
    '',
    ...wrapped(elsewhere(micro), width, '').map(paint.dim),
  ];
}

/** What `statebench recommend --json` prints. Figures are in base units: events/s, ms, bytes. */
export function recommendJson({ groups, caveats, micro }: Recommendations): unknown {
  return {
    schema: 1,
    caveats: caveats.map(({ text }) => text),
    groups: groups.map(({ group, decision: { recommendation, evidence, headline, why, flip } }) => {
      const { kind, needs, choice, front, nearest, blocksNeeded, stability, weightStability, littleToGain, contest } = recommendation;
      const lines = linesOf(recommendation, evidence);
      return {
        workload: group.workload.name,
        storage: group.storage.name,
        batchSize: group.batchSize,
        parallelism: group.parallelism,
        needs: needTexts(needs),
        kind,
        headline,
        why: asText(why),
        picks: choice.picks.map(({ name }) => name),
        margin:
          choice.slower[0] === undefined
            ? null
            : {
                over: choice.slower[0].contender.name,
                ratio: choice.slower[0].ratio.ratio,
                interval: choice.slower[0].ratio.interval,
                blocks: choice.slower[0].ratio.n,
              },
        passing: choice.passing.map(({ name }) => name),
        paretoFront: front.map(({ name }) => name),
        percentilesAre: contest.percentiles,
        recovery: {
          checkpointIntervalMs: contest.circumstances?.intervalMs ?? null,
          inputRate: contest.circumstances?.inputRate ?? null,
          backends: modelLines(contest).map(({ contender, says }) => recoveryJson(contender, says)),
        },
        nearest: nearest === null ? null : nearest.contender.name,
        blocksNeeded,
        backends: lines.map(({ contender, line }) => ({
          name: contender.name,
          outcome: choice.checked.find((checked) => checked.contender === contender)!.outcome,
          says: `${line.mark}: ${line.detail}`,
          needs: choice.checked.find((checked) => checked.contender === contender)!.checks.map(checkJson(recommendation.needs, contest)),
          answers: Object.fromEntries(
            group.candidates
              .filter(({ cell }) => cell.id === contender.id)
              .flatMap((cell) => answersOf(cell, micro).map(({ question, statements }) => [question, statements])),
          ),
        })),
        flips: flip.map((phrase, i) => ({ says: asText(phrase), instead: recommendation.flips[i]!.instead.map(({ name }) => name) })),
        stability: stability === null ? null : { draws: stability.draws, seed: contest.seed, shares: named(stability.shares, group) },
        weights: weightStability === null ? null : { draws: weightStability.draws, shares: named(weightStability.shares, group) },
        littleToGain:
          littleToGain === null
            ? null
            : { backend: littleToGain.contender.name, storeShare: littleToGain.share, timesMost: littleToGain.timesMost },
      };
    }),
  };
}

function recoveryJson({ name, recovery, recoveries }: Contender, says: string) {
  const { error, blocks, withheld } = checkModel(recoveriesIn(recoveries));
  const predicted = recovery?.kind === 'predicted' ? recovery : null;
  return { name, meanMs: predicted?.meanMs ?? null, worstMs: predicted?.worstMs ?? null, medianError: error, blocks, withheld, says };
}

function checkJson(needs: Needs, contest: Contest) {
  return ({ need, state, estimate, excess, doubt, blocksNeeded }: Check) => ({
    need: typeof need === 'object' ? limitText(need) : need === 'servers' ? 'servers=no' : `durability>=${needs.durability}`,
    state,
    value: estimate?.value ?? null,
    interval: estimate?.interval ?? null,
    timesTheLimit: excess,
    doubt,
    blocksNeeded,
    command: doubt === 'not-measured' && typeof need === 'object' ? measuringCommand(contest, [need.criterion]) : null,
  });
}

function named(shares: Stability['shares'], group: GroupSummary) {
  const name = (id: string) => group.candidates.filter(({ cell }) => cell.id === id).map(nameOf)[0] ?? id;
  return shares.map(({ ids, share }) => ({ backends: ids.map(name), share }));
}
