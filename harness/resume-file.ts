/** What a results folder keeps of a run's modules until the run is finished, so that another process can go on with the same. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { writeAtomically } from './atomic-file.ts';
import { messageOf, StatebenchError } from './errors.ts';
import { type Configured, type LoadedModule, loadRef, type ModuleRef } from './modules.ts';
import { maskedOptions, secretOptions } from './passwords.ts';
import { SIZES } from './run-files.ts';

const RESUME = 'resume.json';

const resumeSchema = z.strictObject({
  schema: z.literal(1),
  /** Of plan.json: the trials that are there already followed it. */
  /** Two where the plan is being replaced: either counts. */
  planSha256: z.union([z.string(), z.array(z.string())]),
  modules: z.array(
    z.strictObject({
      kind: z.enum(['backend', 'workload', 'storage']),
      name: z.string(),
      file: z.string(),
      /** Of the file; what it imports is not followed. */
      sha256: z.string(),
      /** As given, passwords masked. */
      options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    }),
  ),
});

/** @param modules as they were asked for: a server started for the run is not in their options. @throws StatebenchError `disk-full` or `bad-folder` */
export function writeResumeFile(folder: string, planText: string, modules: readonly ModuleRef[]): void {
  const resume: z.infer<typeof resumeSchema> = {
    schema: 1,
    planSha256: sha256(planText),
    modules: modules.map(({ kind, name, file, options }) => ({
      kind,
      name,
      file,
      sha256: sha256(readFileSync(file)),
      options: maskedOptions(options),
    })),
  };
  writeAtomically(join(folder, RESUME), `${JSON.stringify(resume, null, 2)}\n`);
}

/**
 * Replaces the plan of a run with the one that has all its twins. Until the new one is written the old one counts, so that the run can be
 * resumed at any moment. @throws StatebenchError `disk-full` or `bad-folder`
 */
export function replacePlan(folder: string, planText: string): void {
  const file = join(folder, 'plan.json');
  const resume = readResumeFile(folder);
  const planSha256 = [sha256(readFileSync(file)), sha256(planText)];
  writeAtomically(join(folder, RESUME), `${JSON.stringify({ ...resume, planSha256 }, null, 2)}\n`);
  writeAtomically(file, planText);
}

/** Removes what only an unfinished run needs. */
export function removeResumeFiles(folder: string): void {
  for (const name of [RESUME, SIZES]) rmSync(join(folder, name), { force: true });
}

/**
 * The modules of an unfinished run, as they were.
 * @param given those whose options hold a password, which is not kept: they have to be given again.
 * @throws StatebenchError `cannot-resume` if the plan or a module is not what it was, or a password is missing.
 */
export async function loadRunModules(folder: string, given: readonly ModuleRef[]): Promise<readonly LoadedModule<Configured>[]> {
  const { planSha256, modules } = readResumeFile(folder);
  if (![planSha256].flat().includes(sha256(readFileSync(join(folder, 'plan.json')))))
    throw cannot(folder, 'plan.json was changed since the run began, and its trials followed the old one: undo that, or begin anew');
  const unknown = given.find(({ kind, name }) => !modules.some((module) => module.kind === kind && module.name === name));
  if (unknown !== undefined) throw cannot(folder, `the run has no ${unknown.kind} '${unknown.name}'; a run keeps what it began with`);
  const loaded: LoadedModule<Configured>[] = [];
  for (const { sha256: hash, ...ref } of modules) {
    const again = given.find(({ kind, name }) => kind === ref.kind && name === ref.name);
    const what = `${ref.kind} '${ref.name}'`;
    if (!existsSync(ref.file)) throw cannot(folder, `${what}: ${ref.file} is not there any more; put it back, or begin anew`);
    if (sha256(readFileSync(ref.file)) !== hash)
      throw cannot(folder, `${what}: ${ref.file} was changed since the run began: undo that, or begin anew`);
    if (again !== undefined && !isDeepStrictEqual(maskedOptions(again.options), ref.options))
      throw cannot(folder, `${what} was given other options than the run began with: ${JSON.stringify(ref.options)}`);
    if (again === undefined && secretOptions(ref.options).length > 0) {
      const options = Object.entries(ref.options).map(([key, value]) => `${key}=${value}`);
      throw cannot(
        folder,
        `${what} needs a password, which a run does not keep: give it again, with ${FLAGS[ref.kind]} '${ref.name}:${options.join(',')}' and the password in the place of ***`,
      );
    }
    loaded.push(await loadRef<Configured>(again ?? ref));
  }
  return loaded;
}

const FLAGS: Readonly<Record<ModuleRef['kind'], string>> = {
  backend: '--backend',
  workload: '--workload',
  storage: '--checkpoint-storage',
};

function readResumeFile(folder: string): z.infer<typeof resumeSchema> {
  const file = join(folder, RESUME);
  if (!existsSync(file)) throw cannot(folder, `${RESUME} is not there, without which nobody knows what the run was made of: begin anew`);
  try {
    return resumeSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? `${cause.issues[0]?.path.join('.')}: ${cause.issues[0]?.message}` : messageOf(cause);
    throw cannot(folder, `${RESUME} cannot be read (${why}): begin anew`);
  }
}

function cannot(folder: string, why: string): StatebenchError {
  return new StatebenchError('cannot-resume', `cannot resume ${folder}: ${why}`);
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
