import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { StateBackend, StateStore } from '../../backends/contract.ts';
import { EventBatch, type Source, type Workload } from '../../workloads/contract.ts';
import { type OracleAnswer, oracle, oracleState } from '../oracle/oracle.ts';
import { DigestSink } from '../pipeline/digest-sink.ts';
import { workloadTables } from '../pipeline/operator.ts';
import { Pipeline } from '../pipeline/pipeline.ts';
import { seededRandom } from '../random.ts';
import type { Output } from '../results.ts';

/** What the oracle says of a workload's stream, where a run of it is looked at. */
export interface OperatorAnswer {
  readonly workload: Workload;
  readonly seed: number;
  /** After these events a checkpoint is cut. */
  readonly cutAt: number;
  readonly atCut: OracleAnswer;
  readonly heldAtCut: Output;
  readonly atEnd: OracleAnswer;
}

/** Asks the oracle. The checkpoint comes between the second quarter of the stream and its end. */
export async function operatorAnswer(workload: Workload, seed: number): Promise<OperatorAnswer> {
  const source = await workload.source({ seed, endless: false });
  const cutAt = Math.floor(source.events * (0.4 + 0.4 * seededRandom(seed)()));
  const answers = oracle(workload, source, [cutAt, source.events]);
  const { value: atCut } = await answers.next();
  const { value: atEnd } = await answers.next();
  const { value: heldAtCut } = await oracleState(workload, source, [cutAt]).next();
  if (!atCut || !atEnd || !heldAtCut) throw new Error('the oracle did not answer');
  return { workload, seed, cutAt, atCut, heldAtCut, atEnd };
}

export interface OperatorRun {
  readonly answer: OperatorAnswer;
  readonly backend: StateBackend;
  readonly batchSize: number;
  /** Made, and removed afterwards. */
  readonly directory: string;
  /** Put between the pipeline and each store. */
  readonly wrap: (store: StateStore) => StateStore;
}

/**
 * Runs a workload to its end, with a checkpoint on the way, and again from that checkpoint in another store, as after a crash.
 * @returns what was not as the oracle has it; empty if everything was
 */
export async function operatorProblems({ answer, backend, batchSize, directory, wrap }: OperatorRun): Promise<readonly string[]> {
  const { workload, seed, cutAt, atCut, heldAtCut, atEnd } = answer;
  const tables = workloadTables(workload);
  const problems: string[] = [];
  const compare = (what: string, right: object, got: object) => {
    if (isDeepStrictEqual(right, got)) return;
    const where = `${workload.name} on ${backend.name} by ${batchSize}, seed ${seed}, cut at ${cutAt}`;
    problems.push(`${where}: ${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(right)}`);
  };
  const compareEnd = (run: string, pipeline: Pipeline, sink: DigestSink) => {
    compare(`rows, ${run}`, rowsOf(atEnd.ended), { rows: sink.rows, digest: sink.hex() });
    compare(`late events, ${run}`, atEnd.late, pipeline.lateByStage);
  };
  const fresh = async (folder: string) => {
    await mkdir(join(directory, folder), { recursive: true });
    return join(directory, folder);
  };
  try {
    const source = await workload.source({ seed, endless: false });
    const store = wrap(await backend.open({ directory: await fresh('open'), tables }));
    const sink = new DigestSink();
    const pipeline = new Pipeline({ workload, store, batchSize, sink });
    await feed(pipeline, workload, source, cutAt);
    compare('rows at the cut', rowsOf(atCut.fired), { rows: sink.rows, digest: sink.hex() });
    compare('late events at the cut', atCut.late, pipeline.lateByStage);
    compare('state at the cut', heldAtCut, await pipeline.state());
    const checkpoint = { id: 1, directory: await fresh('checkpoint') };
    const [saved, savedSink] = [JSON.stringify(pipeline.save()), JSON.stringify(sink.save())];
    await (await store.checkpoint(checkpoint)).persist();
    await store.published(1);
    await feed(pipeline, workload, source, source.events);
    await pipeline.end();
    compareEnd('run through', pipeline, sink);

    const restored = wrap(await backend.restore({ directory: await fresh('restore'), tables, checkpoint }));
    const sinkAgain = new DigestSink();
    sinkAgain.restore(JSON.parse(savedSink));
    const again = new Pipeline({ workload, store: restored, batchSize, sink: sinkAgain, saved: JSON.parse(saved) });
    compare('restored state', heldAtCut, await again.state());
    await feed(again, workload, source, source.events);
    await again.end();
    compareEnd('restored', again, sinkAgain);
    await Promise.all([store.close(), restored.close()]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return problems;
}

function rowsOf({ rows, digest }: Output): Pick<Output, 'rows' | 'digest'> {
  return { rows, digest };
}

async function feed(pipeline: Pipeline, workload: Workload, source: Source, until: number): Promise<void> {
  const batch = new EventBatch(workload.watermark.everyEvents, source);
  source.seek(pipeline.events);
  while (pipeline.events < until && source.fill(batch, Math.min(until - pipeline.events, pipeline.untilWatermark)) > 0) {
    await pipeline.process(batch);
  }
}
