/** What a run is asked to measure: read from a suite's JSON, completed by the default suite, overruled by the command line. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { messageOf, StatebenchError, suggest } from './errors.ts';
import { KEY_GROUPS } from './portable/key-groups.ts';
import { PROFILE_NAMES, type ProfileName } from './profiles.ts';
import { MEASURES, type Measure, type Plan } from './results.ts';
import { parseSpec, type Spec, specFromParts } from './spec.ts';
import { parseDuration, parseSize } from './units.ts';

const spec = z
  .union([
    z.string().min(1),
    z.strictObject({
      name: z.string().min(1).describe('A built-in, or a path relative to the suite'),
      label: z.string().min(1).optional().describe('Tells variants of one module apart'),
      options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    }),
  ])
  .describe('NAME[@label][:option=value,…], or the same as an object');

export const suiteSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: z
      .string()
      .min(1)
      .max(60)
      .optional()
      .describe('What the results folder and the report are called after; default: the name of the file'),
    workloads: z.array(spec).min(1).optional(),
    backends: z.array(spec).min(1).optional(),
    storages: z.array(spec).min(1).optional().describe('Where checkpoints go'),
    batchSizes: z
      .array(z.int().min(1).max(1_000_000))
      .min(1)
      .optional()
      .describe(
        'Events in a micro-batch, at most those from one watermark of the workload to the next; default: 1000, or that number if it is smaller',
      ),
    parallelisms: z
      .array(z.int().min(1).max(KEY_GROUPS))
      .min(1)
      .optional()
      .describe('Processes that divide a stream among them by key; backends are compared at the first, and the others with one process'),
    memory: z
      .union([z.string().min(1), z.int().min(1)])
      .optional()
      .describe('What every embedded backend may keep in memory, in each of its processes: bytes, or a text such as 256mb'),
    measures: z.array(z.enum(MEASURES)).min(1).optional().describe('What to measure beside throughput'),
    latency: z
      .strictObject({
        arrivals: z.enum(['constant', 'poisson']).optional().describe('Evenly spaced events, or random ones with the same mean'),
        limitMs: z.number().positive().optional().describe('What p99 may be for a rate to count as sustained'),
        ratesPerSecond: z.array(z.number().positive()).min(1).optional().describe('Rates that all backends are measured at, if they can'),
      })
      .optional()
      .describe('How the open loop is driven, where latency is measured'),
    crashesPerDay: z.number().positive().optional().describe('What the best checkpoint interval is told for'),
    profile: z.enum(PROFILE_NAMES).optional().describe('How long to measure'),
    seed: z.int().nonnegative().optional().describe('Decides events, order and moments of killing'),
    timeLimit: z
      .string()
      .min(1)
      .optional()
      .describe('With the profile rigorous: it ends after the block in which its trials have taken this long, such as 2h'),
    reference: z.string().min(1).optional().describe('The backend every other is compared with, by its name in this run'),
  })
  .describe('A Statebench suite: every backend is measured on every workload, with every storage, batch size and number of processes');

/** A suite with everything decided. */
export interface Suite {
  readonly name: string;
  readonly workloads: readonly Spec[];
  readonly backends: readonly Spec[];
  readonly storages: readonly Spec[];
  /** Null where each workload has the usual size, or the largest that it allows if that is smaller. */
  readonly batchSizes: readonly number[] | null;
  /** Processes over one stream. Backends are compared at the first. */
  readonly parallelisms: readonly number[];
  /** What every backend may keep in memory, in each of its processes; null where each goes by its own settings. */
  readonly memoryBytes: number | null;
  readonly measures: readonly Measure[];
  readonly latency: Plan['latency'];
  /** What the best checkpoint interval is told for. */
  readonly crashesPerDay: number;
  readonly profile: ProfileName;
  readonly seed: number;
  /** When a run of the profile rigorous ends at the latest; null without a limit. */
  readonly timeLimitSeconds: number | null;
  /** Null where the run chooses it. */
  readonly reference: string | null;
}

/** What `npm start` measures. */
export const DEFAULT_SUITE: Suite = {
  name: 'default',
  workloads: [parseSpec('flights-delays')],
  backends: ['null', 'memory', 'lmdb', 'level', 'sqlite', 'rocksdb', 'redis'].map(parseSpec),
  storages: [parseSpec('filesystem')],
  batchSizes: null,
  parallelisms: [1],
  memoryBytes: null,
  measures: ['throughput', 'checkpoint', 'recovery'],
  latency: { arrivals: 'constant', limitMs: 1000, ratesPerSecond: null },
  crashesPerDay: 1,
  profile: 'quick',
  seed: 1,
  timeLimitSeconds: null,
  reference: null,
};

const LARGEST_FILE_BYTES = 1 << 20;
const DEEPEST = 12;

/**
 * Reads a suite's file, completed by {@link DEFAULT_SUITE}. Paths of modules in it are relative to the file.
 * @throws StatebenchError `bad-suite`, naming the file and the JSON path.
 */
export function readSuite(file: string): Suite {
  const json = parseJson(readText(file), file);
  checkKeys(json, '$', file, 0);
  const parsed = suiteSchema.safeParse(json);
  if (!parsed.success) throw describeIssue(parsed.error.issues[0]!, file);
  const { data } = parsed;
  const specs = (key: 'workloads' | 'backends' | 'storages'): readonly Spec[] =>
    data[key]?.map((item, index) => readSpec(item, `$.${key}[${index}]`, file)) ?? DEFAULT_SUITE[key];
  return {
    name: data.name ?? path.basename(file).replace(/\.[^.]*$/, ''),
    workloads: specs('workloads'),
    backends: specs('backends'),
    storages: specs('storages'),
    batchSizes: data.batchSizes ?? DEFAULT_SUITE.batchSizes,
    parallelisms: data.parallelisms ?? DEFAULT_SUITE.parallelisms,
    memoryBytes: data.memory === undefined ? DEFAULT_SUITE.memoryBytes : readMemory(data.memory, file),
    measures: data.measures ?? DEFAULT_SUITE.measures,
    latency: {
      arrivals: data.latency?.arrivals ?? DEFAULT_SUITE.latency.arrivals,
      limitMs: data.latency?.limitMs ?? DEFAULT_SUITE.latency.limitMs,
      ratesPerSecond: data.latency?.ratesPerSecond ?? DEFAULT_SUITE.latency.ratesPerSecond,
    },
    crashesPerDay: data.crashesPerDay ?? DEFAULT_SUITE.crashesPerDay,
    profile: data.profile ?? DEFAULT_SUITE.profile,
    seed: data.seed ?? DEFAULT_SUITE.seed,
    timeLimitSeconds: data.timeLimit === undefined ? DEFAULT_SUITE.timeLimitSeconds : readTimeLimit(data.timeLimit, file),
    reference: data.reference ?? null,
  };
}

/** `suite` with every part that `flags` gives put in its place. */
export function overrule(suite: Suite, flags: Partial<Suite>): Suite {
  return { ...suite, ...flags };
}

function readText(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new StatebenchError(
      'bad-suite',
      `suite ${file}: there is no such file. A suite is JSON; 'statebench schema suite' prints its schema`,
    );
  }
  if (!stat.isFile()) throw new StatebenchError('bad-suite', `suite ${file}: this is not a file`);
  if (stat.size > LARGEST_FILE_BYTES) throw new StatebenchError('bad-suite', `suite ${file}: ${stat.size} bytes is too long for a suite`);
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    throw new StatebenchError('bad-suite', `suite ${file}: cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const at = /position (\d+)/.exec(messageOf(cause))?.[1];
    const lines = text.slice(0, at === undefined ? text.length : Number(at)).split('\n');
    const place = `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
    throw new StatebenchError('bad-suite', `suite ${file}: ${place}: this is not JSON (${messageOf(cause)})`, { cause });
  }
}

/** JSON can carry a key `__proto__`; none of ours is, and nothing that copies the suite shall meet it. */
function checkKeys(value: unknown, at: string, file: string, depth: number): void {
  if (depth > DEEPEST) throw new StatebenchError('bad-suite', `suite ${file}: ${at}: nested too deeply for a suite`);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const here = Array.isArray(value) ? `${at}[${key}]` : `${at}.${key}`;
    if (['__proto__', 'constructor', 'prototype'].includes(key)) {
      throw new StatebenchError('bad-suite', `suite ${file}: ${here}: a key of this name is refused; remove it`);
    }
    checkKeys(item, here, file, depth + 1);
  }
}

function readMemory(given: string | number, file: string): number {
  const bytes = parseSize(String(given));
  if (bytes !== null) return bytes;
  throw new StatebenchError('bad-suite', `suite ${file}: $.memory: takes a whole number of bytes or a size such as 256mb, not '${given}'`);
}

function readTimeLimit(given: string, file: string): number {
  const milliseconds = parseDuration(given);
  if (milliseconds !== null) return milliseconds / 1000;
  throw new StatebenchError('bad-suite', `suite ${file}: $.timeLimit: takes a duration such as 90min or 2h, not '${given}'`);
}

type SpecJson = z.infer<typeof spec>;

function readSpec(item: SpecJson, at: string, file: string): Spec {
  try {
    const read = typeof item === 'string' ? parseSpec(item) : specFromParts(item.name, item.label ?? null, item.options ?? {});
    if (!read.isPath || !read.name.startsWith('.')) return read;
    return { ...read, name: path.resolve(path.dirname(file), read.name) };
  } catch (cause) {
    throw new StatebenchError('bad-suite', `suite ${file}: ${at}: ${messageOf(cause)}`, { cause });
  }
}

function describeIssue(issue: z.core.$ZodIssue, file: string): StatebenchError {
  const fail = (at: string, problem: string): StatebenchError => new StatebenchError('bad-suite', `suite ${file}: ${at}: ${problem}`);
  const at = jsonPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const known = issue.path.length === 0 ? Object.keys(suiteSchema.shape) : ['name', 'label', 'options'];
    const near = suggest(key, known);
    return fail(
      `${at}.${key}`,
      near === null ? `there is no such key. There is: ${known.join(', ')}` : `there is no such key. Did you mean '${near}'?`,
    );
  }
  if (issue.code === 'invalid_value') {
    return fail(at, `takes one of ${issue.values.map(String).join(', ')}`);
  }
  if (issue.code === 'invalid_union') {
    // Of the two forms of a spec the object's issue is the closer one, unless it is no object at all.
    const inner = issue.errors.flat().find((error) => error.path.length > 0 || error.code === 'unrecognized_keys');
    if (inner !== undefined) return describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, file);
    return fail(at, `takes a text such as "lmdb:mapSize=1gib", or {"name": …, "label": …, "options": {…}}`);
  }
  return fail(at, issue.message);
}

function jsonPath(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((at, key) => (typeof key === 'number' ? `${at}[${key}]` : `${at}.${String(key)}`), '$');
}
