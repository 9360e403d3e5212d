// Proves that a job of any embedded backend and of Redis, stopped at a checkpoint, goes on in two processes' worth of parts, those in
// three, and those in one again, by key range, to the oracle's rows and late events; and that checkpoints that do not belong
// together are refused.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { StateBackend } from '../../backends/contract.ts';
import { startRedis } from '../../scripts/servers/redis.ts';
import { requiredServer } from '../../scripts/servers/required.ts';
import { Job, NO_CHECKPOINTS } from '../job.ts';
import { builtInFile, create } from '../modules.ts';
import { oracle } from '../oracle/oracle.ts';
import { type DigestState, OutputDigest } from '../output-digest.ts';
import { DigestSink } from '../pipeline/digest-sink.ts';
import { type FoundState, findState } from './migrate.ts';
import { type Rescaled, rescale } from './rescale.ts';
import { EVENTS, type Held, JOINS, testWorkload } from './test-workload.ts';

const KEYS = 300;
const storage = await create<CheckpointStorage>({
  kind: 'storage',
  name: 'filesystem',
  file: builtInFile('storage', 'filesystem'),
  options: { fsync: false },
});
const redis = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));

class Line {
  readonly root: string;
  readonly held: Held;
  readonly backend: StateBackend;
  /** Checkpoints directories of the processes that run now. */
  now: readonly string[] = [];
  #rescales = 0;

  constructor(root: string, held: Held, backend: StateBackend) {
    this.root = root;
    this.held = held;
    this.backend = backend;
  }

  /** The job from the beginning, in one process, stopped at a checkpoint. */
  async begin(until: number): Promise<void> {
    const directory = join(this.root, 'first');
    await mkdir(directory);
    const { workload, source } = await testWorkload(this.held, KEYS);
    const job = await Job.open({ ...this, storage, directory, workload, source, batchSize: 64, sink: new DigestSink() });
    await job.run(until, NO_CHECKPOINTS);
    await job.checkpoint();
    await job.close();
    this.now = [join(directory, 'checkpoints')];
  }

  async part(sources: readonly string[], part: number, parts: number, directory: string): Promise<Rescaled> {
    const found: FoundState[] = [];
    for (const source of sources) found.push(await findState(source, storage));
    const { workload } = await testWorkload(this.held, KEYS);
    const stateDirectory = join(directory, 'state-1');
    await mkdir(stateDirectory, { recursive: true });
    const sink = (saved: readonly object[]) => ({ ...OutputDigest.sum(saved as DigestState[]) });
    try {
      return await rescale({ sources: found, part, parts, workload, backend: this.backend, stateDirectory, sink });
    } finally {
      for (const state of found) await state[Symbol.asyncDispose]();
    }
  }

  /** Takes over in so many parts and goes on to a checkpoint at `until`, or to the end. Returns what all parts put out. */
  async goOn(parts: number, until: number | 'end') {
    const next: string[] = [];
    const outputs: { rows: number; late: number; entries: number }[] = [];
    const digests: DigestState[] = [];
    this.#rescales++;
    for (let part = 0; part < parts; part++) {
      const directory = join(this.root, `${this.#rescales}-${part}`);
      const { store, position, carried } = await this.part(this.now, part, parts, directory);
      const { workload, source } = await testWorkload(this.held, KEYS);
      const sink = new DigestSink();
      const space = await storage.open(join(directory, 'checkpoints'));
      const request = { ...this, storage, directory, workload, source, batchSize: [64, 1, 1000][part]!, sink };
      const job = Job.resume(request, { space, store, stateDirectory: join(directory, 'state-1'), position, damaged: [] });
      if (until === 'end') {
        // Half the way, as if the process had died there: a part is restored as any other job.
        await job.run(EVENTS - 1000, NO_CHECKPOINTS);
        await job.checkpoint();
        await job.close();
        const sinkAgain = new DigestSink();
        const again = await Job.open({ ...request, source: (await testWorkload(this.held, KEYS)).source, sink: sinkAgain });
        await again.run(EVENTS, NO_CHECKPOINTS);
        await again.end();
        digests.push(sinkAgain.save() as unknown as DigestState);
        outputs.push({ rows: sinkAgain.rows, late: again.pipeline.lateEvents, entries: carried.entries });
        await again.close();
      } else {
        await job.run(until, NO_CHECKPOINTS);
        await job.checkpoint();
        await job.close();
        digests.push(sink.save() as unknown as DigestState);
        outputs.push({ rows: sink.rows, late: job.pipeline.lateEvents, entries: carried.entries });
      }
      next.push(join(directory, 'checkpoints'));
    }
    this.now = next;
    return { outputs, all: { ...OutputDigest.sum(digests), late: outputs.reduce((sum, { late }) => sum + late, 0) } };
  }
}

for (const name of ['memory', 'lmdb', 'level', 'sqlite', 'rocksdb', ...(redis === undefined ? [] : ['redis'])]) {
  const all: readonly Held[] = ['values', 'lists', 'sessions', ...(name === 'memory' ? JOINS : [])];
  for (const held of all) {
    test(`${name}, ${held}: one, two, three, one`, async (t) => {
      const root = await mkdtemp(join(tmpdir(), 'statebench-rescale-'));
      t.teardown(() => rm(root, { recursive: true, force: true }));
      // Ten others may keep the event loop busy.
      const options = name === 'redis' ? { url: redis!.url, timeoutMs: 60_000 } : {};
      const backend = await create<StateBackend>({ kind: 'backend', name, file: builtInFile('backend', name), options });
      const { workload, source } = await testWorkload(held, KEYS);
      const { value: answer } = await oracle(workload, source, [EVENTS]).next();
      const late = answer!.late.reduce((sum, count) => sum + count);
      const { rows, digest } = answer!.ended;

      const line = new Line(root, held, backend);
      await line.begin(4_321);
      const two = await line.goOn(2, 6_543);
      t.true(
        two.outputs.every(({ entries }) => entries > 50),
        'each of two has its share',
      );
      const three = await line.goOn(3, 8_765);
      t.is(three.outputs.length, 3);
      const checkpoints = line.now;
      const one = await line.goOn(1, 'end');
      t.is(OutputDigest.load(one.all).hex(), digest);
      t.deepEqual([one.all.rows, one.all.late], [rows, late]);

      // From the same three, not put together: the rows of all are the whole.
      line.now = checkpoints;
      const parts = await line.goOn(2, 'end');
      t.is(OutputDigest.load(parts.all).hex(), digest);
      t.deepEqual([parts.all.rows, parts.all.late], [rows, late]);

      if (name !== 'memory') return;
      const refused = async (sources: readonly string[], message: RegExp) => {
        const error = await t.throwsAsync(line.part(sources, 0, 1, join(root, 'refused')));
        t.is((error as { code?: string } | undefined)?.code, 'bad-checkpoint');
        t.regex(error?.message ?? '', message);
      };
      await refused(checkpoints.slice(1), /key group 0 is in 0 of them/);
      await refused([...checkpoints, checkpoints[1]!], /key group 43 is in 2 of them/);
      await refused([checkpoints[0]!, join(root, 'first', 'checkpoints')], /not of one workload at one position/);
    });
  }
}
