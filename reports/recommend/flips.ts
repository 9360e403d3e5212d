import type { Durability } from '../../harness/results.ts';
import type { Check, Checked } from './checks.ts';
import { type Choice, choose } from './choice.ts';
import { type Contender, type CriterionName, criterionOf, DURABILITIES, OBJECTIVES, smallestEffectOf } from './contest.ts';
import type { Evidence } from './evidence.ts';
import { type Limit, type Needs, replaceLimit } from './needs.ts';

/** One thing that is otherwise. */
export type Change =
  /** `from` null: there was no such limit. */
  | { readonly kind: 'limit'; readonly to: Limit; readonly from: Limit | null }
  | { readonly kind: 'durability'; readonly to: Durability; readonly from: Durability }
  | { readonly kind: 'servers'; readonly to: boolean }
  /** A figure that these data leave undecided is in truth within its limit. */
  | { readonly kind: 'truth'; readonly check: Check; readonly contender: Contender }
  /** More or less state, in entries: where the two are as fast, and between which sizes the data do not tell. */
  | {
      readonly kind: 'size';
      readonly side: 'above' | 'below';
      readonly n: number;
      readonly low: number;
      readonly high: number;
      readonly here: number;
    };

/** The least that would have to be otherwise for another answer. */
export interface Flip {
  readonly changes: readonly Change[];
  /** The answer then; empty if none meets the needs any more. */
  readonly instead: readonly Contender[];
  /** The largest change of a limit, as a factor above 1; null where there was no limit to change, or no factor tells it. */
  readonly factor: number | null;
}

/**
 * What would change the answer, the smallest change first; every one has been decided anew, but for another size of the state, where
 * others were measured: that tells which of two is faster there. Each answer is told once for each of these two.
 */
export function flipsOf(evidence: Evidence, needs: Needs, choice: Choice): readonly Flip[] {
  const found = [
    ...choice.checked.flatMap((checked) => admitting(evidence, needs, choice, checked)),
    ...tightening(evidence, needs, choice),
    ...demanding(evidence, needs, choice),
    ...crossing(evidence, choice),
  ].toSorted((a, b) => weightOf(a) - weightOf(b));
  const told = new Set<string>();
  return found.filter(({ changes, instead }) => {
    const key = `${changes.some(({ kind }) => kind === 'size') ? 'size ' : ''}${idsOf(instead)}`;
    if (told.has(key)) return false;
    told.add(key);
    return true;
  });
}

/** Fewer changes come first, then smaller ones; a limit that nobody asked for comes after those that were. */
function weightOf({ changes, factor, instead }: Flip): number {
  const isNew = changes.some((change) => change.kind === 'size' || (change.kind === 'limit' && change.from === null));
  return changes.length * 100 + (isNew ? 50 : 0) + (instead.length === 0 ? 20 : 0) + Math.min(19, Math.log(factor ?? 3));
}

/** What would have to be allowed for one that does not pass to be the answer. */
function admitting(evidence: Evidence, needs: Needs, choice: Choice, { contender, outcome, checks }: Checked): readonly Flip[] {
  if (outcome !== 'misses' && outcome !== 'undecided') return [];
  const open = checks.filter(({ state }) => state !== 'met');
  if (open.some(({ need, estimate }) => typeof need === 'object' && estimate === null)) return [];
  const changes = open.map((check) => changeFor(check, contender, needs, outcome));
  const instead = choose(evidence, changes.reduce(withChange, loosenedFor(needs, open)));
  if (!instead.picks.includes(contender) || isSame(instead, choice)) return [];
  const factors = open.flatMap(({ excess }) => excess ?? []);
  return [{ changes, instead: instead.picks, factor: factors.length === 0 ? null : Math.max(1, ...factors) }];
}

function changeFor(check: Check, contender: Contender, needs: Needs, outcome: Checked['outcome']): Change {
  const { need } = check;
  if (need === 'durability') return { kind: 'durability', to: contender.durability, from: needs.durability };
  if (need === 'servers') return { kind: 'servers', to: true };
  return outcome === 'undecided' ? { kind: 'truth', check, contender } : { kind: 'limit', to: allowing(check), from: need };
}

/** Where a figure would in truth be within its limit, it is decided as if the limit were as wide as the interval. */
function loosenedFor(needs: Needs, open: readonly Check[]): Needs {
  return open.reduce((all, check) => (typeof check.need === 'object' ? replaceLimit(all, allowing(check)) : all), needs);
}

function withChange(needs: Needs, change: Change): Needs {
  switch (change.kind) {
    case 'limit':
      return replaceLimit(needs, change.to);
    case 'durability':
      return { ...needs, durability: change.to };
    case 'servers':
      return { ...needs, servers: change.to };
    case 'truth':
    case 'size':
      return needs;
  }
}

/** Sizes of the state from which on one that meets every need here is faster than the answer. */
function crossing({ contest: { crossings, entries: here } }: Evidence, { picks, passing }: Choice): readonly Flip[] {
  if (here === null || here <= 0) return [];
  const isPick = (id: string) => picks.some((one) => one.id === id);
  return crossings.flatMap(({ below, above, n, low, high }): readonly Flip[] => {
    const side = isPick(below) && here < n ? 'above' : isPick(above) && here > n ? 'below' : null;
    const other = passing.find(({ id }) => id === (side === 'above' ? above : below));
    if (side === null || other === undefined || picks.includes(other)) return [];
    return [{ changes: [{ kind: 'size', side, n, low, high, here }], instead: [other], factor: Math.max(n / here, here / n) }];
  });
}

/** The limit, in two digits, that the whole interval is within; where there is none, 25 % beyond the value. */
function allowing({ need, estimate }: Check): Limit {
  const { criterion } = need as Limit;
  const { value, interval } = estimate!;
  const more = criterionOf(criterion).better === 'more';
  const worst = more ? Math.min(interval?.low ?? 0, value / 1.25) : Math.max(interval?.high ?? 0, value * 1.25);
  const edge = interval === null ? worst : more ? interval.low : interval.high;
  return { criterion, limit: roundedOff(edge, more ? Math.floor : Math.ceil) };
}

/** How far each limit that is asked for could be tightened until the answer no longer meets it. */
function tightening(evidence: Evidence, needs: Needs, choice: Choice): readonly Flip[] {
  const [pick] = choice.picks;
  if (pick === undefined) return [];
  return needs.limits.flatMap((limit) => missedAt(evidence, needs, choice, pick, limit.criterion, limit));
}

/** What else might be asked for that the answer would miss and another one meets. */
function demanding(evidence: Evidence, needs: Needs, choice: Choice): readonly Flip[] {
  const [pick] = choice.picks;
  if (pick === undefined) return [];
  const limits = OBJECTIVES.filter((name) => name !== 'throughput' && needs.limits.every(({ criterion }) => criterion !== name))
    .flatMap((name) => missedAt(evidence, needs, choice, pick, name, null))
    .filter(({ instead }) => instead.length > 0);
  const stronger = DURABILITIES.slice(DURABILITIES.indexOf(pick.durability) + 1).map(
    (to): Change => ({ kind: 'durability', to, from: needs.durability }),
  );
  const alone: readonly Change[] = pick.served ? [{ kind: 'servers', to: false }] : [];
  const others = [...stronger, ...alone].flatMap((change): readonly Flip[] => {
    const instead = choose(evidence, withChange(needs, change));
    return instead.picks.length === 0 || isSame(instead, choice) ? [] : [{ changes: [change], instead: instead.picks, factor: null }];
  });
  return [...others, ...limits];
}

function missedAt(
  evidence: Evidence,
  needs: Needs,
  choice: Choice,
  pick: Contender,
  criterion: CriterionName,
  from: Limit | null,
): readonly Flip[] {
  const estimate = evidence.estimate(pick, criterion);
  if (estimate === null || estimate.interval === null) return [];
  const more = criterionOf(criterion).better === 'more';
  const smallest = 1 + Math.max(0, smallestEffectOf(evidence.contest, criterion) ?? 0);
  const { low, high } = estimate.interval;
  const limit = more
    ? roundedOff(Math.max(high, estimate.value * smallest), Math.ceil)
    : roundedOff(Math.min(low, estimate.value / smallest), Math.floor);
  if (!(limit > 0)) return [];
  const instead = choose(evidence, replaceLimit(needs, { criterion, limit }));
  if (isSame(instead, choice)) return [];
  const factor = from === null ? null : Math.max(limit / from.limit, from.limit / limit);
  return [{ changes: [{ kind: 'limit', to: { criterion, limit }, from }], instead: instead.picks, factor }];
}

/** Two significant digits, in the direction of `way`, and never the same value. */
function roundedOff(value: number, way: (value: number) => number): number {
  const place = 10 ** (Math.floor(Math.log10(value)) - 1);
  const off = way(value / place);
  const moved = off * place === value ? off + (way === Math.ceil ? 1 : -1) : off;
  return Number((moved * place).toPrecision(12));
}

function isSame(one: Choice, other: Choice): boolean {
  return idsOf(one.picks) === idsOf(other.picks);
}

function idsOf(contenders: readonly Contender[]): string {
  return contenders
    .map(({ id }) => id)
    .toSorted()
    .join('\n');
}
