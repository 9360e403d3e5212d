import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateBackend } from '../../backends/contract.ts';
import { type LoadedModule, loadWorkload, refOf } from '../modules.ts';
import { rightAnswer } from '../survival/right-answer.ts';
import { type Ordeal, type Survival, survival, UNHARMED } from '../survival/survival.ts';
import { OPERATOR_CASES, type OperatorCase } from './operator-cases.ts';
import { operatorAnswer, operatorProblems } from './operator-run.ts';

const BATCH_SIZES = [1, 1_024];
const SEED = 7;
const CHECKPOINT_EVERY = 151;
/** A process on a served store, in batches of one event and beside much other work, takes its time. */
const TIMEOUT_MS = 240_000;

/** The part of AVA's `test` that is used. */
type Test = (
  title: string,
  body: (t: { log(line: string): void; deepEqual(got: unknown, right: unknown, message?: string): unknown }) => Promise<void>,
) => void;

/**
 * Registers a test an operator: its workloads on one backend, at batch 1 and 1,024, run through and gone on with from a checkpoint in
 * another store, and once in a process that gets SIGKILL: the oracle's rows, late events and states.
 * @param backend loaded when a test needs it; one that needs a server has its address
 * @param plainOnly leaves the variants and batch 1 out, for a store that takes long
 */
export function provesOperators(test: Test, backend: () => Promise<LoadedModule<StateBackend>>, plainOnly = false): void {
  for (const operator of OPERATOR_CASES) {
    test(operator.operator, async (t) => {
      const root = await mkdtemp(join(tmpdir(), 'statebench-matrix-'));
      try {
        const subject = await backend();
        const problems: string[] = [];
        let rows = 0;
        for (const [i, spec] of [operator.workload, ...(plainOnly ? [] : operator.variants)].entries()) {
          const answer = await operatorAnswer((await loadWorkload(spec)).create(), SEED + i);
          rows += answer.atEnd.ended.rows;
          for (const batchSize of plainOnly ? BATCH_SIZES.slice(1) : BATCH_SIZES) {
            const run = { answer, backend: subject.create(), batchSize, directory: join(root, 'run'), wrap: <T>(store: T) => store };
            problems.push(...(await operatorProblems(run)));
          }
        }
        const { problem, kills } = await killed(operator, subject, join(root, 'killed'));
        if (problem !== null) problems.push(`SIGKILL, seed ${SEED}: ${problem}`);
        t.log(`seeds from ${SEED}, ${rows} rows, killed in: ${kills.join()}`);
        t.deepEqual(problems, []);
        t.deepEqual(kills.length, 1, 'it was killed once');
      } finally {
        await rm(root, { recursive: true, force: true });
      }
    });
  }
}

/** A kill that comes amid a checkpoint or shortly after; and one that finds the process waiting for it, so that it cannot be too late. */
const KILLS: readonly Ordeal[] = [
  { ...UNHARMED, name: 'killed in its second checkpoint', killAt: { phase: 'checkpoint', nth: 2 } },
  {
    ...UNHARMED,
    name: 'killed between checkpoints',
    killAt: { phase: 'replay', afterEvents: Math.floor(2.5 * CHECKPOINT_EVERY) },
    waits: true,
  },
];

/** Runs an operator in a process that is killed, and in one that goes on from what that left. */
async function killed(operator: OperatorCase, subject: LoadedModule<StateBackend>, directory: string): Promise<Survival> {
  const workload = refOf(await loadWorkload(operator.workload));
  const answer = await rightAnswer({ workload, seed: SEED });
  // By turns, so that all backends have seen both.
  const batchSize = BATCH_SIZES[OPERATOR_CASES.indexOf(operator) % 2]!;
  const run = { backend: refOf(subject), workload, batchSize, seed: SEED, checkpointEvery: CHECKPOINT_EVERY, overlap: false };
  const { signal } = new AbortController();
  let survived: Survival | null = null;
  for (const ordeal of KILLS) {
    survived = await survival({ ...run, directory, answer, timeoutMs: TIMEOUT_MS, signal }, [ordeal]);
    if (survived.problem !== null || survived.kills.length > 0) break;
  }
  return survived!;
}
