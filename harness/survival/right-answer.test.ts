// Proves that a restored state has a right answer wherever a checkpoint may be cut: also at an event at which a run pauses, which is neither
// where a checkpoint is due nor where the watermark advances. A checkpoint that is due while another is under way is cut there.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { StateBackend } from '../../backends/contract.ts';
import type { Workload } from '../../workloads/contract.ts';
import { Job } from '../job.ts';
import { builtInFile, create, LOCAL_STORAGE, type ModuleRef } from '../modules.ts';
import { DigestSink } from '../pipeline/digest-sink.ts';
import { rightAnswer } from './right-answer.ts';

const WORKLOAD: ModuleRef = {
  kind: 'workload',
  name: 'synthetic',
  file: builtInFile('workload', 'synthetic'),
  options: { events: 4_000, keys: 50, ratePerSecond: 2_000, watermarkEvery: 500, size: 500 },
};
const SEED = 3;
const CHECKPOINTS = { firstEvent: 1_000, everyEvents: 1_000, exact: false };
/** Not a multiple of either interval. */
const PAUSE = 2_242;

/** A storage whose first checkpoint is published only when it is let go on. */
function heldStorage(storage: CheckpointStorage): { readonly held: CheckpointStorage; readonly release: () => void } {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const open = async (directory: string) => {
    const space = await storage.open(directory);
    const publish: typeof space.publish = async (...given) => {
      await released;
      return await space.publish(...given);
    };
    return new Proxy(space, {
      get: (target, name) => {
        if (name === 'publish') return publish;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  return {
    held: {
      name: storage.name,
      settings: storage.settings,
      open,
      view: (...given) => storage.view(...given),
      destroy: (...given) => storage.destroy(...given),
    },
    release,
  };
}

test('a checkpoint cut where a run pauses restores the state that the oracle has at that event', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-right-answer-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const workload = await create<Workload>(WORKLOAD);
  const backend = await create<StateBackend>({ kind: 'backend', name: 'memory', file: builtInFile('backend', 'memory'), options: {} });
  const storage = await create<CheckpointStorage>(LOCAL_STORAGE);
  const { held, release } = heldStorage(storage);
  const parts = { workload, backend, directory, batchSize: 100, sink: new DigestSink() };
  const job = await Job.open({ ...parts, storage: held, source: await workload.source({ seed: SEED, endless: false }) });
  // The checkpoint due at 2,000 waits for the one of 1,000, which is let go on after that event.
  await job.run(PAUSE, CHECKPOINTS, async () => {
    if (job.pipeline.events !== 2_000) return;
    release();
    await job.checkpointer.settled();
  });
  await job.close();
  t.deepEqual(
    job.checkpointer.records.map(({ atEvent }) => atEvent),
    [1_000, PAUSE],
  );

  const restored = await Job.open({
    ...parts,
    sink: new DigestSink(),
    storage,
    source: await workload.source({ seed: SEED, endless: false }),
  });
  t.is(restored.restored?.fromEvent, PAUSE);
  const answer = await rightAnswer({ workload: WORKLOAD, seed: SEED });
  const state = await restored.pipeline.state();
  t.true(state.rows > 0, 'there is a state to compare');
  t.deepEqual(await answer.stateAt(PAUSE), state);
  t.notDeepEqual((await answer.stateAt(PAUSE - 1)).digest, state.digest, 'one event less is another state');
  await restored.close();
});
