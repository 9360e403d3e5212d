import type { Durability } from '../../harness/results.ts';
import { CRITERIA, type Criterion, type CriterionName, criterionOf, DURABILITIES } from './contest.ts';

/** The most a figure may be, or for throughput the least; in the criterion's base unit. */
export interface Limit {
  readonly criterion: CriterionName;
  readonly limit: number;
}

/** What a backend has to do to be recommended. */
export interface Needs {
  /** At most one a criterion. */
  readonly limits: readonly Limit[];
  /** What the working state must survive without a checkpoint; by the engine's own contract, nothing. */
  readonly durability: Durability;
  /** Whether a store may be a server of its own. */
  readonly servers: boolean;
}

/** Nothing but the right output. */
export const NO_NEEDS: Needs = { limits: [], durability: 'volatile', servers: true };

/** Words that begin a need. */
export const NEED_NAMES: readonly string[] = [...CRITERIA.map(({ name }) => name), 'durability', 'servers'];

/** Other words for them. */
const ALIASES: Readonly<Record<string, string>> = {
  rate: 'throughput',
  latency: 'p99',
  memory: 'rss',
  persistence: 'persist',
  bytes: 'checkpoint',
  server: 'servers',
  survives: 'durability',
};

/** A need that cannot be read; `word` is one of `known` misspelt, where that is what is wrong. */
export class NeedError extends Error {
  readonly word: string | null;
  readonly known: readonly string[];

  constructor(message: string, word: string | null = null, known: readonly string[] = []) {
    super(message);
    this.name = 'NeedError';
    this.word = word;
    this.known = known;
  }
}

const UNITS: Readonly<Record<Criterion['kind'], Readonly<Record<string, number>>>> = {
  rate: { '': 1, '/s': 1, k: 1e3, 'k/s': 1e3, m: 1e6, 'm/s': 1e6 },
  time: { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, min: 6e4 },
  bytes: { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 },
};

const EXAMPLES: Readonly<Record<Criterion['kind'], string>> = { rate: '50000', time: '20ms', bytes: '1GB' };

/**
 * Reads `p99<=20ms`, `throughput>=50000`, `durability>=process-crash`, `servers=no` and adds it to `needs`; of two limits of one
 * criterion the stricter counts.
 * @throws NeedError
 */
export function withNeed(needs: Needs, text: string): Needs {
  const parts = /^\s*([\w.-]+)\s*(<=|>=|==?|<|>)\s*(.*?)\s*$/.exec(text);
  if (parts === null) throw new NeedError(`the need '${text}' is not of the form name<=value, such as p99<=20ms`);
  const [, word, sign, value] = parts as unknown as [string, string, string, string];
  const name = Object.hasOwn(ALIASES, word) ? ALIASES[word]! : word;
  if (name === 'durability') return { ...needs, durability: durabilityOf(text, sign, value, needs.durability) };
  if (name === 'servers') return { ...needs, servers: serversOf(text, sign, value) && needs.servers };
  const criterion = CRITERIA.find((one) => one.name === name);
  if (criterion === undefined) throw new NeedError(`the need '${text}' names no figure: there is no '${word}'.`, word, NEED_NAMES);
  const right = criterion.better === 'more' ? '>=' : '<=';
  if (!right.startsWith(sign[0]!))
    throw new NeedError(
      `the need '${text}': ${criterion.name} is better when ${criterion.better}, so write ${criterion.name}${right}${value}`,
    );
  return withLimit(needs, { criterion: criterion.name, limit: amountOf(text, criterion, value) });
}

/** With `limit` beside or, if it is the stricter, instead of one of the same criterion. */
function withLimit(needs: Needs, added: Limit): Needs {
  const before = needs.limits.find(({ criterion }) => criterion === added.criterion);
  const stricter = criterionOf(added.criterion).better === 'more' ? Math.max : Math.min;
  const limit = before === undefined ? added.limit : stricter(before.limit, added.limit);
  return replaceLimit(needs, { ...added, limit });
}

/** With `limit` instead of any other of its criterion. Limits stand in the order of {@link CRITERIA}. */
export function replaceLimit(needs: Needs, limit: Limit): Needs {
  const order = ({ criterion }: Limit) => CRITERIA.findIndex(({ name }) => name === criterion);
  const others = needs.limits.filter(({ criterion }) => criterion !== limit.criterion);
  return { ...needs, limits: [...others, limit].toSorted((a, b) => order(a) - order(b)) };
}

/** Without the limit of `criterion`. */
export function withoutLimit(needs: Needs, criterion: CriterionName): Needs {
  return { ...needs, limits: needs.limits.filter((limit) => limit.criterion !== criterion) };
}

function amountOf(text: string, { name, kind }: Criterion, value: string): number {
  const parts = /^(\d[\d_,]*(?:\.\d+)?|\.\d+)\s*([a-zµ/]*)$/i.exec(value);
  const [, digits = '', suffix = ''] = parts ?? [];
  const unit = suffix.toLowerCase().replace('μ', 'µ');
  const scale = Object.hasOwn(UNITS[kind], unit) ? UNITS[kind][unit] : undefined;
  const amount = Number(digits.replaceAll(/[_,]/g, '')) * (scale ?? Number.NaN);
  if (parts === null || !(amount > 0) || !Number.isFinite(amount)) {
    const units = Object.keys(UNITS[kind]).filter((known) => known !== '' && known !== 'µs');
    throw new NeedError(
      `the need '${text}': ${name} takes a number above 0 with its unit (${units.join(', ')}), such as ${EXAMPLES[kind]}; got '${value}'`,
    );
  }
  return Number(amount.toPrecision(12));
}

function durabilityOf(text: string, sign: string, value: string, before: Durability): Durability {
  const found = DURABILITIES.find((one) => one === value);
  if (found === undefined) throw new NeedError(`the need '${text}': there is no durability class '${value}'.`, value, DURABILITIES);
  if (sign.startsWith('<')) throw new NeedError(`the need '${text}': durability is better when more, so write durability>=${value}`);
  return DURABILITIES.indexOf(found) > DURABILITIES.indexOf(before) ? found : before;
}

function serversOf(text: string, sign: string, value: string): boolean {
  if (!sign.startsWith('=') || (value !== 'yes' && value !== 'no'))
    throw new NeedError(`the need '${text}': whether a store may be a server is servers=yes or servers=no`);
  return value === 'yes';
}

/** Units that an amount is written in, largest first. */
const WRITTEN = {
  rate: [['', 1]],
  time: [
    ['s', 1e3],
    ['ms', 1],
    ['us', 1e-3],
    ['ns', 1e-6],
  ],
  bytes: [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
    ['B', 1],
  ],
} as const satisfies Record<Criterion['kind'], readonly (readonly [string, number])[]>;

/** What was asked for, which is not rounded: only its unit is chosen. */
function written(kind: Criterion['kind'], value: number): { readonly number: number; readonly unit: string } {
  const units: readonly (readonly [string, number])[] = WRITTEN[kind];
  const [unit, scale] = units.find(([, size]) => value >= size) ?? units.at(-1)!;
  return { number: Number((value / scale).toPrecision(12)), unit };
}

/** A limit as `--need` takes it, which reads back as the same. */
export function limitText({ criterion, limit }: Limit): string {
  const { better, kind } = criterionOf(criterion);
  const { number, unit } = written(kind, limit);
  return `${criterion}${better === 'more' ? '>=' : '<='}${number}${unit}`;
}

/** Every need as `--need` takes it. */
export function needTexts(needs: Needs): readonly string[] {
  return [
    ...needs.limits.map(limitText),
    ...(needs.durability === 'volatile' ? [] : [`durability>=${needs.durability}`]),
    ...(needs.servers ? [] : ['servers=no']),
  ];
}

/** "20 ms", "50,000 events/s": an amount that was asked for, for people. */
export function amountWords(criterion: CriterionName, value: number): string {
  const { kind } = criterionOf(criterion);
  const { number, unit } = written(kind, value);
  return `${number.toLocaleString('en-US', { maximumSignificantDigits: 6 })} ${kind === 'rate' ? 'events/s' : unit.replace('us', 'µs')}`;
}

/** "≤ 20 ms", "≥ 100 k": a limit beside its name. */
export function limitShort({ criterion, limit }: Limit): string {
  const { better, kind } = criterionOf(criterion);
  const [unit, scale] = limit >= 1e6 ? [' M', 1e6] : limit >= 1e3 ? [' k', 1e3] : ['', 1];
  const amount = kind === 'rate' ? `${Number((limit / scale).toPrecision(6))}${unit}` : amountWords(criterion, limit);
  return `${better === 'more' ? '≥' : '≤'} ${amount}`;
}

/** "p99 ≤ 20 ms", for people. */
export function limitWords({ criterion, limit }: Limit): string {
  const { title, better } = criterionOf(criterion);
  return `${title} ${better === 'more' ? '≥' : '≤'} ${amountWords(criterion, limit)}`;
}
