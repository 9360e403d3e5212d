import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import {
  Attempts,
  type Environment,
  environmentSchema,
  type MicroResults,
  microSchema,
  type Plan,
  planSchema,
  SCHEMA,
  type Trial,
  trialSchema,
} from '../harness/results.ts';
import { plainText } from './plain-text.ts';
import { ResultsError } from './results-error.ts';
import { blocksOf } from './statistics/sequential.ts';

/** Name of the results of the state micro-suite in a results folder. */
export const MICRO = 'micro.json';

/** A results folder, read and checked. */
export interface Results {
  /** With the blocks that the run came to, where it might end before it had all. */
  readonly plan: Plan;
  readonly environment: Environment;
  readonly trials: readonly Trial[];
  /** 1 if the last line of `trials.ndjson` was cut off (the run was killed while writing it) and left out. */
  readonly tornLines: number;
}

/** How many trials a run has when it is finished: every cell once a block. */
export function plannedTrials({ cells, profile }: Pick<Plan, 'cells' | 'profile'>): number {
  return cells.length * profile.blocks;
}

/** How many of them are there, failed ones too; one that was repeated counts once. */
export function finishedTrials({ plan, trials }: Pick<Results, 'plan' | 'trials'>): number {
  const planned = trials.filter(({ block }) => block <= plan.profile.blocks);
  return new Set(planned.map(({ cell, block }) => `${cell}#${block}`)).size;
}

/** True for a run that was interrupted, also where it lacks only the repetition of a trial. */
export function isPartial({ plan, trials }: Pick<Results, 'plan' | 'trials'>): boolean {
  const attempts = new Attempts(plan, trials);
  const blocks = Array.from({ length: plan.profile.blocks }, (_, i) => i + 1);
  return plan.cells.some((cell) => blocks.some((block) => attempts.due(cell, block) !== null));
}

/**
 * Reads `plan.json`, `environment.json` and `trials.ndjson` of a results folder. Without `trials.ndjson` there are no trials.
 * @throws ResultsError `results-missing` if a file is not there, `results-newer` if a later Statebench wrote it,
 *   `results-invalid` with file, line and JSON path otherwise.
 */
export async function readResults(directory: string): Promise<Results> {
  const planned = parse('plan.json', await text(directory, 'plan.json'), planSchema);
  const environment = parse('environment.json', await text(directory, 'environment.json'), environmentSchema);
  const { trials, tornLines } = parseTrials(await text(directory, 'trials.ndjson'), planned);
  const plan = { ...planned, profile: { ...planned.profile, blocks: blocksOf(planned, trials) } };
  return { plan, environment, trials, tornLines };
}

/**
 * Reads `micro.json` of a results folder: what a run of the state micro-suite found; null if there is none.
 * @throws ResultsError as {@link readResults}
 */
export async function readMicro(directory: string): Promise<MicroResults | null> {
  const content = await text(directory, MICRO);
  return content === '' ? null : parse(MICRO, content, microSchema);
}

async function text(directory: string, file: string): Promise<string> {
  try {
    return await readFile(join(directory, file), 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing && (file === 'trials.ndjson' || file === MICRO)) return '';
    const why = missing ? 'it is not there' : error instanceof Error ? error.message : String(error);
    throw new ResultsError('results-missing', `cannot read ${file} in ${directory}: ${why}; name the folder a run wrote with --out`, {
      cause: error,
    });
  }
}

function parseTrials(content: string, plan: Plan): Pick<Results, 'trials' | 'tornLines'> {
  const cells = new Set(plan.cells.map((cell) => cell.id));
  const ids = new Set<string>();
  const lines = content.split('\n');
  const unfinished = lines.pop() ?? '';
  const trials = lines.flatMap((line, i) => (line.trim() === '' ? [] : [checked(line, `trials.ndjson line ${i + 1}`)]));
  // A whole last line that only lacks its newline was finished; anything less was not.
  if (unfinished.trim() === '') return { trials, tornLines: 0 };
  if (!isJson(unfinished)) return { trials, tornLines: 1 };
  return { trials: [...trials, checked(unfinished, `trials.ndjson line ${lines.length + 1}`)], tornLines: 0 };

  function checked(line: string, place: string): Trial {
    const trial = parse(place, line, trialSchema);
    if (!cells.has(trial.cell)) throw invalid(place, `cell ${quoted(trial.cell)} is not in plan.json; the files are of different runs`);
    if (ids.has(trial.id)) throw invalid(place, `trial ${quoted(trial.id)} was already there; remove one of the two lines`);
    ids.add(trial.id);
    return trial;
  }
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function parse<T>(place: string, content: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw invalid(place, `not JSON (${error instanceof Error ? plainText(error.message) : 'unreadable'})`);
  }
  if (typeof value === 'object' && value !== null && 'schema' in value && typeof value.schema === 'number' && value.schema > SCHEMA) {
    throw new ResultsError(
      'results-newer',
      `${place} has schema ${value.schema}; this Statebench reads up to ${SCHEMA}: update it to read these results`,
    );
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first, ...more] = parsed.error.issues;
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
  throw invalid(place, `${jsonPath(first?.path ?? [])}: ${plainText(first?.message ?? 'not as expected')}${rest}`);
}

function jsonPath(path: readonly PropertyKey[]): string {
  return `$${path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${plainText(String(key))}`)).join('')}`;
}

const quoted = (name: string) => JSON.stringify(plainText(name));
const invalid = (place: string, what: string) => new ResultsError('results-invalid', `${place}: ${what}`);
