/** R4: a damaged checkpoint is detected and counted, the one before is used, and where none is whole nothing is restored. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointSpace, CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { StateBackend } from '../../backends/contract.ts';
import { messageOf } from '../../harness/errors.ts';
import { Job } from '../../harness/job.ts';
import { builtInFile, create } from '../../harness/modules.ts';
import { DigestSink } from '../../harness/pipeline/digest-sink.ts';
import { seededRandom } from '../../harness/random.ts';
import { DAMAGES, damageCheckpoint, republishNoise } from '../../harness/survival/damage.ts';
import type { Source, Workload } from '../../workloads/contract.ts';
import { type Campaign, type CaseRequest, type CaseResult, countTo, PASSED } from './campaign.ts';
import { groundOf } from './kill-plan.ts';
import { answerOf } from './kills.ts';

/** Parts of one run, all in this process: what is tried is the road from damaged files to a job that goes on. */
interface Run {
  readonly workload: Workload;
  readonly source: Source;
  readonly backend: StateBackend;
  readonly storage: CheckpointStorage;
  readonly directory: string;
  readonly batchSize: number;
}

async function openJob(run: Run) {
  const sink = new DigestSink();
  return { job: await Job.open({ ...run, sink }), sink };
}

/** Damages checkpoint `id`, `before` being another: what the storage finds, or by turns what only the backend can find. */
function damage(space: CheckpointSpace, directory: string, seed: number, random: () => number) {
  const kind = DAMAGES[seed % (DAMAGES.length + 1)];
  const place = (id: number) => join(directory, 'checkpoints', `chk-${id}`);
  return (id: number, before: number): Promise<string> =>
    kind === undefined ? republishNoise(space, id, random) : damageCheckpoint(place(id), place(before), kind, random);
}

/** The kind of damage by turns, where it comes by seed. */
async function damaged({ subject, seed, directory }: CaseRequest): Promise<CaseResult> {
  const ground = groundOf(seed);
  const answer = await answerOf(ground);
  const { checkpointEvery, eventSeed, batchSize } = ground;
  const workload = await create<Workload>(ground.workload);
  const run: Run = {
    workload,
    source: await workload.source({ seed: eventSeed, endless: false }),
    backend: subject.create(),
    storage: await create<CheckpointStorage>({
      kind: 'storage',
      name: 'filesystem',
      file: builtInFile('storage', 'filesystem'),
      options: {},
    }),
    directory,
    batchSize,
  };
  const random = seededRandom(seed);
  const checkpoints = { firstEvent: checkpointEvery, everyEvents: checkpointEvery, exact: true };
  await mkdir(directory, { recursive: true });
  try {
    const first = await openJob(run);
    await first.job.run((3 + Math.floor(random() * 4)) * checkpointEvery, checkpoints);
    await first.job.close();

    const [newest, before] = await first.job.space.list();
    const done = await damage(first.job.space, directory, seed, random)(newest!, before!);
    const second = await openJob(run);
    const { restored, pipeline, space, checkpointer } = second.job;
    if (restored?.skipped !== 1 || restored.checkpointId !== before) {
      return failed(`${done} in checkpoint ${newest} of ${newest} and ${before}, and restored was ${JSON.stringify(restored)}`);
    }
    await second.job.run(pipeline.events + 2.5 * checkpointEvery, checkpoints);
    await checkpointer.settled();
    const kept = await space.list();
    if (kept.includes(newest!) || kept.length !== 2) return failed(`after ${done}, ${kept} are kept: the damaged ${newest} must go first`);
    await second.job.run(Number.POSITIVE_INFINITY, checkpoints);
    await second.job.end();
    await second.job.close();
    if (second.sink.hex() !== answer.output.digest || second.sink.rows !== answer.output.rows)
      return failed(`the output differs after ${done}`);

    const last = await space.list();
    for (const id of last) await damage(space, directory, seed, random)(id, last.find((other) => other !== id)!);
    const refusal = await openJob(run).then(
      ({ job }) => job.close(),
      (error: unknown) => error,
    );
    if ((refusal as { code?: unknown } | undefined)?.code !== 'no-whole-checkpoint') {
      return failed(`all of ${last} are damaged, and what came is ${refusal === undefined ? 'a checkpoint' : messageOf(refusal)}`);
    }
    return PASSED;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function failed(problem: string): CaseResult {
  return { ...PASSED, problem };
}

export function damageCampaign(seeds: number): Campaign {
  return {
    name: 'R4',
    what: 'a damaged checkpoint is passed over and counted, all damaged are refused',
    unavailable: () => null,
    alone: false,
    seeds: () => countTo(seeds),
    try: damaged,
  };
}
