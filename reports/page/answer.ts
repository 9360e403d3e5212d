/**
 * The answer of a group as it stands in the page, for any limits: made once on disk and again in the browser whenever a limit
 * is moved, by the same code. It imports nothing that a browser lacks.
 */
import { SHAPES, type Shape } from '../charts/shapes.ts';
import { choose } from '../recommend/choice.ts';
import { circumstancesOfTexts } from '../recommend/circumstances.ts';
import { type Contest, type CriterionName, DURABILITIES } from '../recommend/contest.ts';
import { limitShort, limitWords, type Needs, NO_NEEDS, needTexts, replaceLimit, withNeed, withoutLimit } from '../recommend/needs.ts';
import type { Phrase } from '../recommend/phrase.ts';
import { recoveryAt } from '../recommend/recovery-at.ts';
import { circumstancesWords, modelLines } from '../recommend/recovery-words.ts';
import { steadinessOf } from '../recommend/steadiness.ts';
import { flipPhrase, headlineOf, linesOf, littleToGainWords, percentileNote, survivalOf, whyOf } from '../recommend/words.ts';
import { Recommender } from '../recommend.ts';
import { type Circumstances, USUAL_CIRCUMSTANCES } from '../recovery-model.ts';
import { el, type PageElement, toNode } from './element.ts';

/** A group as the page carries it. */
export interface PageGroup {
  /** Begins the ids of its sections: "g1". */
  readonly prefix: string;
  /** Where it was measured: "this machine", or what tells it from the others of the page. */
  readonly machine: string;
  readonly contest: Contest;
  /** How each contender looks, in their order. */
  readonly looks: readonly { readonly color: string; readonly shape: Shape }[];
  /** Where the limits are: beside the answer, or above all answers. */
  readonly limitsAt: 'right' | 'above';
}

/** How a contender stands: `picked`, `passes`, `misses`, `undecided` or `out`. */
export type Outcome = 'picked' | 'passes' | 'misses' | 'undecided' | 'out';

/** Where the evidence of a figure is: the section of its group. */
const SECTION_OF: Readonly<Partial<Record<CriterionName, string>>> = {
  throughput: 'throughput',
  pause: 'checkpoint',
  persist: 'checkpoint',
  checkpoint: 'checkpoint',
  restore: 'checkpoint',
  recovery: 'checkpoint',
};

/** Decides one group. */
export class GroupAnswer {
  readonly group: PageGroup;
  #recommender: Recommender;

  constructor(group: PageGroup) {
    this.group = group;
    this.#recommender = new Recommender(recoveryAt(group.contest, USUAL_CIRCUMSTANCES));
  }

  /** Predicts recovery for another checkpoint interval and input rate from now on. */
  predictFor(circumstances: Circumstances): void {
    this.#recommender = new Recommender(recoveryAt(this.group.contest, circumstances));
  }

  /** How each contender stands, in their order, and whether it competes at all under the needs; takes a fraction of a millisecond. */
  outcomes(needs: Needs): readonly { readonly outcome: Outcome; readonly isBest: boolean; readonly competes: boolean }[] {
    const { picks, fastest, checked } = choose(this.#recommender.evidence, needs);
    return checked.map(({ contender, outcome }) => ({
      outcome: picks.includes(contender) ? 'picked' : outcome,
      isBest: fastest.includes(contender),
      competes: outcome !== 'out' && canServe(contender, needs),
    }));
  }

  /** The answer, and a line on every backend. */
  elements(needs: Needs): {
    readonly headline: string;
    readonly answer: readonly PageElement[];
    readonly standings: readonly PageElement[];
  } {
    const { evidence } = this.#recommender;
    const { looks, prefix, limitsAt, machine } = this.group;
    const { contest } = evidence;
    const found = this.#recommender.recommend(needs);
    const headline = headlineOf(found);
    const phrase = (parts: Phrase) => parts.map((part) => partOf(part, prefix));
    const hasLimits = needTexts(needs).length > 0;
    const isAnswer = found.kind === 'pick' || found.kind === 'tie';
    const where = hasLimits ? `with the limits ${limitsAt === 'right' ? 'set here' : 'set above'}` : 'by throughput';
    const notes = [
      littleToGainWords(found),
      noted(steadinessOf(found)),
      noted(percentilesMatter(needs) ? percentileNote(contest) : ''),
    ].filter((note) => note !== null);
    const flips = found.flips.map((flip) => el('li', {}, ...phrase(flipPhrase(flip, found, evidence))));
    return {
      headline,
      answer: [
        el('p', { class: 'kicker' }, `For ${contest.workload} on ${machine}, ${where}${isAnswer ? ', use' : ':'}`),
        el('p', { class: headline.length > 24 ? 'pick long' : 'pick' }, headline),
        el('p', { class: 'why' }, ...phrase(whyOf(found, evidence))),
        ...(flips.length === 0 ? [] : [el('div', { class: 'flip' }, el('b', {}, 'What would change this'), el('ul', {}, ...flips))]),
        ...recoveryElements(contest),
        ...(notes.length === 0
          ? []
          : [el('p', { class: 'steady' }, ...notes.flatMap((note, i) => [...(i === 0 ? [] : [' ']), ...phrase(note)]))]),
      ],
      standings: linesOf(found, evidence).map(({ contender, line }) => {
        const { color, shape } = looks[contest.contenders.indexOf(contender)]!;
        const swatch = el(
          'svg',
          { class: 'swatch', viewBox: '-6 -6 12 12', 'aria-hidden': 'true' },
          el('path', { d: SHAPES[shape], fill: color }),
        );
        return el(
          'li',
          {},
          el('b', {}, swatch, contender.name),
          el('span', { class: line.tone }, line.mark),
          el('span', { class: 'detail' }, line.detail),
        );
      }),
    };
  }
}

/** What the model of recovery says of each backend, and how well it predicts what was measured. */
function recoveryElements(contest: Contest): readonly PageElement[] {
  const lines = modelLines(contest);
  if (lines.length === 0 || contest.circumstances === undefined) return [];
  return [
    el(
      'div',
      { class: 'flip' },
      el('b', {}, `Recovery: ${circumstancesWords(contest.circumstances)}`),
      el('ul', {}, ...lines.map(({ contender, says }) => el('li', {}, `${contender.name}: ${says}`))),
    ),
  ];
}

/** Whether what a backend is, not what it measured, is within the needs. */
function canServe({ durability, served }: Contest['contenders'][number], needs: Needs): boolean {
  return DURABILITIES.indexOf(durability) >= DURABILITIES.indexOf(needs.durability) && (needs.servers || !served);
}

function partOf(part: Phrase[number], prefix: string): PageElement | string {
  if (typeof part === 'string') return part;
  if (part.evidence === undefined) return el('b', {}, part.strong);
  const section = SECTION_OF[part.evidence] ?? 'compare';
  return el('a', { class: part.strong.length < 24 ? 'figure-link short' : 'figure-link', href: `#${prefix}-${section}` }, part.strong);
}

function noted(text: string): Phrase | null {
  return text === '' ? null : [text];
}

function percentilesMatter({ limits }: Needs): boolean {
  return limits.some(({ criterion }) => /^p\d/.test(criterion));
}

/** What the two fields beside the needs say; what cannot be read is reported, and the usual value counts. */
export function circumstancesOfFields(interval: string, input: string): ReturnType<typeof circumstancesOfTexts> {
  return circumstancesOfTexts(USUAL_CIRCUMSTANCES, { interval, input });
}

/** Needs of a shared link; what cannot be read is left out, and told. */
export function needsOfTexts(texts: readonly string[]): { readonly needs: Needs; readonly unread: readonly string[] } {
  let needs = NO_NEEDS;
  const unread: string[] = [];
  for (const text of texts) {
    try {
      needs = withNeed(needs, text);
    } catch {
      unread.push(text);
    }
  }
  return { needs, unread };
}

/** Needs as a link carries them. */
export function textsOfNeeds(needs: Needs): readonly string[] {
  return needTexts(needs);
}

/** With another limit of `criterion`, or with none. */
export function limitedTo(needs: Needs, criterion: CriterionName, limit: number | null): Needs {
  return limit === null ? withoutLimit(needs, criterion) : replaceLimit(needs, { criterion, limit });
}

/** Needs in a line, for people: "p99 ≤ 20 ms, survives a process crash". */
export function needsLine(needs: Needs): string {
  const parts = [
    ...needs.limits.map(limitWords),
    ...(needs.durability === 'volatile' ? [] : [`survives ${survivalOf(needs.durability)}`]),
    ...(needs.servers ? [] : ['no server']),
  ];
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/** "≤ 17 ms": a limit that is between the stops of its slider. */
export function limitLine(limit: Needs['limits'][number]): string {
  return limitShort(limit);
}

/** A piece of the page as a node. */
export function nodeOf(element: PageElement, document: Parameters<typeof toNode>[1]): ReturnType<typeof toNode> {
  return toNode(element, document);
}
