/** The folder that a run writes to: found unfit before measuring rather than after. */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cannotWrite, writeAtomically } from '../harness/atomic-file.ts';
import { messageOf, StatebenchError } from '../harness/errors.ts';
import { freeBytes } from '../harness/measure/file-system.ts';
import type { ModuleRef } from '../harness/modules.ts';
import { resultText } from '../harness/result-text.ts';
import { type Environment, environmentSchema, type MicroResults, type Plan, planSchema } from '../harness/results.ts';
import { writeResumeFile } from '../harness/resume-file.ts';
import { LOCK } from '../harness/run-lock.ts';
import { isScratchName, makeScratch, removeScratch } from '../harness/scratch.ts';
import { formatBytes } from '../harness/units.ts';
import { MICRO, type Results, readMicro, readResults } from '../reports/read-results.ts';

/** `reports/out/2026-01-31T12-00-00-default`, below the current folder. */
export function defaultFolder(suite: string, startedAt: Date): string {
  const time = startedAt.toISOString().slice(0, 19).replaceAll(':', '-');
  return path.join('reports', 'out', `${time}-${suite.replace(/[^A-Za-z0-9._-]+/g, '-')}`);
}

/**
 * Makes the folder and sees that it can hold a run. What killed processes of ours left in it is no hindrance.
 * @throws StatebenchError `bad-folder` if it cannot be written to, holds something already, or has too little space.
 */
export function prepareFolder(folder: string, neededBytes: number): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw unfit(folder, `it cannot be written to (${messageOf(cause)}); name another with --out`, cause);
  }
  if (existsSync(path.join(folder, PLAN)))
    throw unfit(folder, `it is not empty: it holds a run, which 'statebench resume' or 'statebench report' takes; name another with --out`);
  if (readdirSync(folder).some((name) => name !== LOCK && !isScratchName(name)))
    throw unfit(folder, 'it is not empty; name another with --out');
  checkWritable(folder, neededBytes);
}

/** @throws StatebenchError `bad-folder` if a folder that is there cannot be written to or has too little space. */
export function checkWritable(folder: string, neededBytes: number): void {
  try {
    const probe = makeScratch(folder, 'probe');
    try {
      writeFileSync(path.join(probe, 'probe'), Buffer.alloc(4096));
    } finally {
      removeScratch(probe);
    }
  } catch (cause) {
    throw unfit(folder, `it cannot be written to (${messageOf(cause)}); name another, or make it writable`, cause);
  }
  const free = freeBytes(folder);
  if (free < neededBytes)
    throw unfit(
      folder,
      `${formatBytes(free)} are free there, and the run may need ${formatBytes(neededBytes)}; name another, or make space`,
    );
}

/**
 * Makes the folder for a run of the micro-suite, which may also go into one that holds a run.
 * @throws StatebenchError `bad-folder` as {@link prepareFolder}, or if it holds one of the micro-suite already
 */
export function prepareMicroFolder(folder: string, neededBytes: number): void {
  if (existsSync(path.join(folder, MICRO)))
    throw unfit(folder, `it holds ${MICRO} already, which 'statebench report' takes; name another with --out`);
  if (existsSync(path.join(folder, PLAN))) checkWritable(folder, neededBytes);
  else prepareFolder(folder, neededBytes);
}

function unfit(folder: string, problem: string, cause?: unknown): StatebenchError {
  return new StatebenchError('bad-folder', `results folder ${folder}: ${problem}`, { cause });
}

/** Where this file is a run was begun. */
export const PLAN = 'plan.json';

/** Name of the report in a results folder. */
export const REPORT = 'report.html';

/** @param file also one that is none, such as /dev/stdout. @throws StatebenchError `disk-full` or `bad-folder` */
export function writeResult(file: string, text: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== false) {
    writeAtomically(file, text);
    return;
  }
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw cannotWrite(file, cause);
  }
}

/** Draws the report to `file`: of a run, of the micro-suite, or of both. @throws StatebenchError `bad-folder` */
export async function writePage({ results, micro }: FolderResults, file: string): Promise<void> {
  // What draws charts takes longer to load than all the rest, and most commands draw none.
  if (results !== null) {
    const { renderPage } = await import('../reports/page/page.ts');
    writeResult(file, await renderPage(results, micro));
  } else if (micro !== null) {
    const { renderMicroPage } = await import('../reports/page/micro-section.ts');
    writeResult(file, renderMicroPage(micro));
  }
}

/** What a results folder holds; one of the two is there. */
export interface FolderResults {
  readonly results: Results | null;
  readonly micro: MicroResults | null;
}

/** @throws ResultsError as {@link readResults}, of a folder that holds neither too */
export async function readFolder(folder: string): Promise<FolderResults> {
  const micro = await readMicro(folder);
  const isRun = micro === null || existsSync(path.join(folder, PLAN));
  return { results: isRun ? await readResults(folder) : null, micro };
}

/** Writes what is known before the first trial, the plan last: where that is, the run can be resumed. */
export function writePlan(folder: string, plan: Plan, environment: Environment, modules: readonly ModuleRef[]): void {
  const planText = resultText(PLAN, planSchema, plan);
  writeAtomically(path.join(folder, 'environment.json'), resultText('environment.json', environmentSchema, environment));
  writeResumeFile(folder, planText, modules);
  writeAtomically(path.join(folder, PLAN), planText);
}
