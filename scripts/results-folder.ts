/** The folder that a run writes to: found unfit before measuring rather than after. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf, StatebenchError } from '../harness/errors.ts';
import { freeBytes } from '../harness/measure/file-system.ts';
import type { Environment, Plan } from '../harness/results.ts';
import { formatBytes } from '../harness/units.ts';
import type { Results } from '../reports/read-results.ts';

/** `reports/out/2026-01-31T12-00-00-default`, below the current folder. */
export function defaultFolder(suite: string, startedAt: Date): string {
  const time = startedAt.toISOString().slice(0, 19).replaceAll(':', '-');
  return path.join('reports', 'out', `${time}-${suite.replace(/[^A-Za-z0-9._-]+/g, '-')}`);
}

/**
 * Makes the folder and sees that it can hold a run.
 * @throws StatebenchError `bad-folder` if it cannot be written to, holds something already, or has too little space.
 */
export function prepareFolder(folder: string, neededBytes: number): void {
  const fail = (problem: string, cause?: unknown): never => {
    throw new StatebenchError('bad-folder', `results folder ${folder}: ${problem}; name another with --out`, { cause });
  };
  try {
    if (existsSync(folder) && readdirSync(folder).length > 0) fail('it is not empty');
    mkdirSync(folder, { recursive: true });
    const probe = path.join(folder, '.write-probe');
    writeFileSync(probe, Buffer.alloc(4096));
    rmSync(probe);
  } catch (cause) {
    if (cause instanceof StatebenchError) throw cause;
    fail(`it cannot be written to (${messageOf(cause)})`, cause);
  }
  const free = freeBytes(folder);
  if (free < neededBytes) fail(`${formatBytes(free)} are free there, and the run may need ${formatBytes(neededBytes)}`);
}

/** Name of the report in a results folder. */
export const REPORT = 'report.html';

/** @throws StatebenchError `bad-folder` */
export function writeResult(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new StatebenchError('bad-folder', `cannot write ${file}: ${messageOf(cause)}; name another file`, { cause });
  }
}

/** Draws the report to `file`. @throws StatebenchError `bad-folder` */
export async function writePage(results: Results, file: string): Promise<void> {
  // What draws charts takes longer to load than all the rest, and most commands draw none.
  const { renderPage } = await import('../reports/page/page.ts');
  writeResult(file, await renderPage(results));
}

/** Writes what is known before the first trial. */
export function writePlan(folder: string, plan: Plan, environment: Environment): void {
  writeResult(path.join(folder, 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`);
  writeResult(path.join(folder, 'environment.json'), `${JSON.stringify(environment, null, 2)}\n`);
}
