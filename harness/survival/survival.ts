import { removeJobs } from '../checkpointing/remove-jobs.ts';
import { LOCAL_STORAGE, type ModuleRef } from '../modules.ts';
import type { Output } from '../results.ts';
import { type Outcome, runChild, type TaskFailure } from '../trial/child.ts';
import type { KillMoment, Phase } from '../trial/tasks.ts';
import type { RightAnswer } from './right-answer.ts';

/** What is to befall one process of a run. */
export interface Ordeal {
  readonly name: string;
  /** Called before the process is started. */
  readonly before: () => Promise<void>;
  /** Where the process says that it is there; null if it goes on to the end. */
  readonly killAt: KillMoment | null;
  /** Whether it stands still there until it is told to go on. */
  readonly waits: boolean;
  /** Called when it says so. */
  readonly onKillMe: (kill: () => void, goOn: () => void) => void;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether a failure is one that the ordeal may bring about. */
  readonly mayFail: (failure: TaskFailure) => boolean;
}

/** Nothing befalls: the process has to get through. */
export const UNHARMED: Ordeal = {
  name: 'unharmed',
  before: async () => {},
  killAt: null,
  waits: false,
  onKillMe: (kill) => kill(),
  environment: {},
  mayFail: () => false,
};

export interface SurvivalRequest {
  readonly backend: ModuleRef;
  readonly workload: ModuleRef;
  /** Where checkpoints go; a local folder if absent. */
  readonly storage?: ModuleRef;
  readonly batchSize: number;
  /** Seed of the events. */
  readonly seed: number;
  readonly checkpointEvery: number;
  /** Whether events go on while a checkpoint is written; if not, one is cut wherever one is due. */
  readonly overlap: boolean;
  /** The run's own; made, and removed afterwards. */
  readonly directory: string;
  readonly answer: RightAnswer;
  /** How long each process may take. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** How a run ended. */
export interface Survival {
  /** What was not as it has to be; null if everything was. */
  readonly problem: string | null;
  /** For each SIGKILL that came, the phase it came in. */
  readonly kills: readonly Phase[];
  /** Failures that ordeals brought about, in order. */
  readonly failures: readonly TaskFailure[];
  /** Restores whose state was compared. */
  readonly restores: number;
}

/**
 * Runs a workload in one process after the other, each with its ordeal, the last one unharmed, until one is through. Every state
 * that a process restores and every row in the file at the end are compared with the right answer.
 */
export async function survival(request: SurvivalRequest, ordeals: Iterable<Ordeal>): Promise<Survival> {
  const kills: Phase[] = [];
  const failures: TaskFailure[] = [];
  let restores = 0;
  const ended = (problem: string | null): Survival => ({ problem, kills, failures, restores });
  try {
    let number = 0;
    for (const ordeal of [...ordeals, UNHARMED]) {
      await ordeal.before();
      const where = `process ${++number} (${ordeal.name})`;
      const outcome = await oneProcess(request, ordeal);
      const { restored, result, killed, failure } = outcome;
      if (restored !== null) {
        restores++;
        const problem = await stateProblem(request.answer, restored);
        if (problem !== null) return ended(`${where}: ${problem}`);
      }
      if (result !== null) {
        const problem = outputProblem(request.answer, result);
        return ended(problem === null ? null : `${where}: ${problem}`);
      }
      if (killed !== null) kills.push(killed.phase);
      else if (failure !== null && ordeal.mayFail(failure)) failures.push(failure);
      else return ended(`${where}: ${failure?.phase}, ${failure?.code}: ${failure?.message}`);
    }
    return ended('the last process was killed though nobody asked for it');
  } finally {
    await removeJobs(request.directory, request.storage ?? LOCAL_STORAGE);
  }
}

function oneProcess(request: SurvivalRequest, { killAt, waits, onKillMe, environment }: Ordeal): Promise<Outcome<'survive'>> {
  const { backend, workload, storage = LOCAL_STORAGE, batchSize, seed, checkpointEvery, overlap, directory, timeoutMs, signal } = request;
  return runChild({
    task: {
      kind: 'survive',
      cell: { backend, workload, storage, batchSize, keyGroups: null, seed, directory },
      checkpointEvery,
      overlap,
      killAt,
      waits,
    },
    phase: 'open',
    timeoutMs,
    signal,
    onKillMe,
    environment,
  });
}

async function stateProblem(answer: RightAnswer, { restored, state }: NonNullable<Outcome<'survive'>['restored']>): Promise<string | null> {
  if (restored.skipped > 0) return `${restored.skipped} checkpoints were damaged, though nothing damages any`;
  const { fromEvent } = restored;
  if (fromEvent !== state.atEvent) return `restored from event ${fromEvent}, and the pipeline stands at event ${state.atEvent}`;
  return difference(`the state restored at event ${fromEvent}`, await answer.stateAt(fromEvent), state);
}

function outputProblem(answer: RightAnswer, { output, lateEvents }: NonNullable<Outcome<'survive'>['result']>): string | null {
  if (lateEvents !== answer.lateEvents) return `${lateEvents} events came late, not ${answer.lateEvents}`;
  return difference('the output', answer.output, output);
}

function difference(what: string, right: Output, got: Output): string | null {
  if (right.atEvent === got.atEvent && right.rows === got.rows && right.digest === got.digest) return null;
  return `${what} differs: ${got.rows} rows (${got.digest}) instead of ${right.rows} (${right.digest})`;
}
