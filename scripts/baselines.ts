/** Results kept under a name, to compare later runs with. */
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cannotWrite } from '../harness/atomic-file.ts';
import { StatebenchError } from '../harness/errors.ts';
import type { NamedResults } from '../reports/comparison/compare-runs.ts';
import { readResults } from '../reports/read-results.ts';
import { ResultsError } from '../reports/results-error.ts';

/** Below the current folder, beside `reports/out`. */
const BASELINES = path.join('reports', 'baselines');
const FILES = ['environment.json', 'trials.ndjson', 'plan.json'] as const;

/** @throws StatebenchError `bad-value` */
export function checkBaselineName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  throw new StatebenchError('bad-value', `a baseline's name is made of letters, digits, '.', '_' and '-', not '${name}'`);
}

/**
 * Keeps what a results folder holds under a name; another of the name is replaced whole or not at all.
 * @returns where it is
 * @throws StatebenchError `disk-full` or `bad-folder`
 */
export function saveBaseline(folder: string, name: string): string {
  const to = path.join(BASELINES, checkBaselineName(name));
  const draft = `${to}.draft-${process.pid}`;
  try {
    mkdirSync(draft, { recursive: true });
    for (const file of FILES) copyFileSync(path.join(folder, file), path.join(draft, file));
    rmSync(to, { recursive: true, force: true });
    renameSync(draft, to);
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true });
    throw cannotWrite(to, cause);
  }
  return to;
}

/**
 * Reads a results folder, or the baseline of that name.
 * @param letter which of the two it is, for errors
 * @throws ResultsError as {@link readResults}, naming the folder
 */
export async function readRun(given: string, letter: 'A' | 'B'): Promise<NamedResults> {
  const saved = path.join(BASELINES, given);
  const isBaseline = !existsSync(given) && /^[\w.-]+$/.test(given) && existsSync(saved);
  try {
    return { name: given, results: await readResults(isBaseline ? saved : given) };
  } catch (error) {
    if (!(error instanceof ResultsError)) throw error;
    throw new ResultsError(error.code, `${letter} (${given}): ${error.message}`, { cause: error.cause });
  }
}
