/** What a run has to show for itself on disk while it goes: enough to go on after any end. */
import { appendFileSync, closeSync, existsSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { cannotWrite, writeAtomically } from './atomic-file.ts';
import { messageOf, StatebenchError } from './errors.ts';
import { fieldAndProblem } from './result-text.ts';
import { type Trial, trialSchema } from './results.ts';

const TRIALS = 'trials.ndjson';
/** Trials that the reader of `trials.ndjson` would refuse, as they were measured. */
const REFUSED = 'refused-trials.ndjson';
/** Needed until the last trial is finished. */
export const SIZES = 'sizes.json';

const sizesSchema = z.strictObject({
  schema: z.literal(1),
  /** What calibration found, by cell: decides how many events its trials take. */
  eventsPerSecond: z.record(z.string(), z.number().positive()),
});

export interface RunFiles extends Disposable {
  readonly trials: readonly Trial[];
  readonly eventsPerSecond: ReadonlyMap<string, number>;
  /**
   * Durable once it returns; where that fails the file is as before. A trial that the reader would refuse is kept as it is in
   * `refused-trials.ndjson`, and recorded as a failed trial that names the field.
   * @returns what was recorded
   * @throws StatebenchError `disk-full` or `bad-folder`; `harness` if even the failed trial would be refused
   */
  addTrial(trial: Trial): Trial;
  /** Durable once it returns. @throws StatebenchError `disk-full` or `bad-folder` */
  addSize(cell: string, eventsPerSecond: number): void;
}

/**
 * Opens what a run left in `directory`, or begins with nothing. A last line that was cut off is dropped.
 * @throws StatebenchError `results-invalid`, naming file and line, or `bad-folder`
 */
export function openRunFiles(directory: string): RunFiles {
  const file = join(directory, TRIALS);
  const { trials, whole, torn } = readTrials(file);
  if (torn) writeAtomically(file, whole);
  const sizes = readSizes(join(directory, SIZES));
  const descriptor = openToAppend(file);
  let length = whole.length;
  return {
    trials,
    eventsPerSecond: sizes,
    addTrial(measured) {
      const trial = readable(measured, join(directory, REFUSED));
      const line = Buffer.from(`${JSON.stringify(trial)}\n`);
      try {
        for (let at = 0; at < line.length; ) at += writeSync(descriptor, line, at);
        fdatasyncSync(descriptor);
      } catch (cause) {
        ftruncateSync(descriptor, length);
        throw cannotWrite(file, cause);
      }
      length += line.length;
      trials.push(trial);
      return trial;
    },
    addSize(cell, eventsPerSecond) {
      sizes.set(cell, eventsPerSecond);
      const text = JSON.stringify({ schema: 1, eventsPerSecond: Object.fromEntries(sizes) }, null, 2);
      writeAtomically(join(directory, SIZES), `${text}\n`);
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

/** The trial itself where its line can be read again; otherwise a failed trial that says why not, the measured one being kept in `refused`. */
function readable(trial: Trial, refused: string): Trial {
  const problem = problemOf(trial);
  if (problem === null) return trial;
  const { schema, id, supersedes, cell, block, backend, workload, storage, batchSize, parallelism, seed, startedAt, durationSeconds } =
    trial;
  const failed: Trial = {
    ...{
      schema,
      id,
      ...(supersedes !== undefined && { supersedes }),
      cell,
      block,
      backend,
      workload,
      storage,
      batchSize,
      parallelism,
      seed,
    },
    ...{ startedAt, durationSeconds },
    state: 'failed',
    phase: 'verify',
    code: 'results-invalid',
    message: `the trial's result is not what results may hold (${problem}); it is kept as measured in ${REFUSED}: report this`,
  };
  try {
    appendFileSync(refused, `${JSON.stringify(trial)}\n`);
  } catch (cause) {
    throw cannotWrite(refused, cause);
  }
  const still = problemOf(failed);
  if (still !== null)
    throw new StatebenchError(
      'harness',
      `trial ${id} has a result that results may not hold (${still}); it is kept as measured in ${refused}, and the other trials are whole: report this`,
    );
  return failed;
}

/** Field and problem of a trial whose line the reader would refuse; null if it would not. */
function problemOf(trial: Trial): string | null {
  const { error } = trialSchema.safeParse(JSON.parse(JSON.stringify(trial)));
  return error === undefined ? null : fieldAndProblem(error);
}

function openToAppend(file: string): number {
  try {
    return openSync(file, 'a');
  } catch (cause) {
    throw cannotWrite(file, cause);
  }
}

/** The trials of a file, its bytes as far as lines are finished, and whether that is less or more than what is there. */
function readTrials(file: string): { readonly trials: Trial[]; readonly whole: Buffer; readonly torn: boolean } {
  if (!existsSync(file)) return { trials: [], whole: Buffer.alloc(0), torn: false };
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
  const trials = lines.flatMap((line, i) => (line.trim() === '' ? [] : [parse(file, line, trialSchema, ` line ${i + 1}`)]));
  return { trials, whole: bytes.subarray(0, end), torn: end < bytes.length };
}

function readSizes(file: string): Map<string, number> {
  if (!existsSync(file)) return new Map();
  return new Map(Object.entries(parse(file, readFileSync(file, 'utf8'), sizesSchema).eventsPerSecond));
}

function parse<T>(file: string, text: string, schema: z.ZodType<T>, place = ''): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? fieldAndProblem(cause) : messageOf(cause);
    throw new StatebenchError('results-invalid', `${file}${place}: ${why}; begin the run anew`, { cause });
  }
}
