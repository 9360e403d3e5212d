import { join } from 'node:path';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import { findGround } from '../job.ts';
import { builtInFile, create, LOCAL_STORAGE, type ModuleRef } from '../modules.ts';
import { seededRandom } from '../random.ts';
import { damageCheckpoint } from './damage.ts';
import { rightAnswer } from './right-answer.ts';
import type { SelfCheck, SelfCheckRequest } from './self-check.ts';
import { type Ordeal, survival, UNHARMED } from './survival.ts';

const WORKLOAD: ModuleRef = {
  kind: 'workload',
  name: 'synthetic',
  file: builtInFile('workload', 'synthetic'),
  options: { events: 6_000, keys: 200, ratePerSecond: 2_000, watermarkEvery: 500, size: 500 },
};
/** Of lists whose elements carry a payload, which is all that tells one that was cut from a whole one. */
const PAYLOADS: ModuleRef = {
  kind: 'workload',
  name: 'tumbling-holistic',
  file: builtInFile('workload', 'tumbling-holistic'),
  options: { events: 2_000, keys: 50, ratePerSecond: 2_000, watermarkEvery: 500, size: 500, payload: 'constant', payloadBytes: 100 },
};
const SEED = 1;
const CHECKPOINT_EVERY = 1_000;
const TIMEOUT_MS = 60_000;

/** A plain correct backend with one mistake, or with none. */
function planted(canary: string): ModuleRef {
  return { kind: 'backend', name: `canary-${canary}`, file: builtInFile('backend', 'canaries'), options: { canary } };
}

const KILLED: Ordeal = { ...UNHARMED, name: 'killed in its fourth checkpoint', killAt: { phase: 'checkpoint', nth: 4 } };

/** Runs a backend through ordeals, as a trial would, and says what was not right; null if everything was. */
async function problemOf(
  backend: ModuleRef,
  ordeals: readonly Ordeal[],
  { directory, signal }: SelfCheckRequest,
  workload = WORKLOAD,
): Promise<string | null> {
  const answer = await rightAnswer({ workload, seed: SEED });
  const run = { workload, batchSize: 100, seed: SEED, checkpointEvery: CHECKPOINT_EVERY, overlap: false };
  return (await survival({ ...run, backend, directory, answer, timeoutMs: TIMEOUT_MS, signal }, ordeals)).problem;
}

/** A check that passes if the harness complains. */
function catches(name: string, canary: string, ordeals: (request: SelfCheckRequest) => readonly Ordeal[], workload = WORKLOAD): SelfCheck {
  return {
    name,
    async run(request) {
      const problem = await problemOf(planted(canary), ordeals(request), request, workload);
      return { passed: problem !== null, seen: problem ?? 'nothing wrong was seen' };
    },
  };
}

/** Cuts the newest checkpoint's file in half before the process that would restore it is started. */
function tornCheckpoint({ directory }: SelfCheckRequest): Ordeal {
  return {
    ...UNHARMED,
    name: 'its newest checkpoint torn',
    async before() {
      const { space } = await findGround(await create<CheckpointStorage>(LOCAL_STORAGE), directory);
      const [newest, before] = (await space.list()).map((id) => join(directory, 'checkpoints', `chk-${id}`));
      await damageCheckpoint(newest!, before!, 'cut in half', seededRandom(SEED));
    },
  };
}

/** Every check of `statebench selftest`, in order. */
export const SELF_CHECKS: readonly SelfCheck[] = [
  {
    name: 'a right backend, killed once, is not complained of',
    async run(request) {
      const problem = await problemOf(planted('none'), [KILLED], request);
      return { passed: problem === null, seen: problem ?? 'every row is right' };
    },
  },
  catches('a backend that answers wrongly', 'first-write-wins', () => []),
  catches('a backend that loses writes', 'torn-batch', () => []),
  catches('a backend that cuts payloads', '32-byte-values', () => [], PAYLOADS),
  catches('a torn checkpoint', 'none', (request) => [KILLED, tornCheckpoint(request)]),
];
