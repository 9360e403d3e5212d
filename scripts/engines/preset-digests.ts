import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StateBackend } from '../../backends/contract.ts';
import { create, loadBackend, loadWorkload } from '../../harness/modules.ts';
import { oracle } from '../../harness/oracle/oracle.ts';
import { type DigestState, OutputDigest } from '../../harness/output-digest.ts';
import { DigestSink } from '../../harness/pipeline/digest-sink.ts';
import { workloadTables } from '../../harness/pipeline/operator.ts';
import { Pipeline, type StreamPart } from '../../harness/pipeline/pipeline.ts';
import { KeyGroupFilter, keyGroupsOf } from '../../harness/portable/key-groups.ts';
import { EventBatch, type Source, type Workload } from '../../workloads/contract.ts';

const EVENTS = 8_000;
const SEED = 5;
const BATCH_SIZE = 100;
/** Into how many parts the stream is divided. */
export const PARTS: readonly number[] = [2, 3, 7];

/** With all that engines might compute differently: skew, gaps at random, payloads, disorder; and short windows, so that most fire. */
const EVENTS_OF_ALL =
  'keys=200,ratePerSecond=1000,watermarkEvery=100,distribution=zipf,arrivals=poisson,payload=lognormal,payloadBytes=20,payloadSpread=10,disorder=0.2,disorderMs=300,delay=200';
const LATE = 'late=0.02';
/** In quotes, since a path may hold what ends an option. */
const CLICKS = JSON.stringify(fileURLToPath(new URL('../../../docs/clicks.csv', import.meta.url)));
const PLAIN = 'keys=200,ratePerSecond=1000,watermarkEvery=100';

/** Every preset, small; and every aggregate and way of making events. */
export const PRESETS: readonly string[] = [
  ...['count-sum-min-max', 'average', 'distinct', 'top-k', 'quantiles'].map(
    (aggregate) => `tumbling-incremental:${EVENTS_OF_ALL},${LATE},size=500,aggregate=${aggregate}`,
  ),
  `tumbling-incremental:${EVENTS_OF_ALL},${LATE},size=500,lateness=400,keyed=false`,
  ...['median', 'exact-distinct'].map((aggregate) => `tumbling-holistic:${EVENTS_OF_ALL},${LATE},size=500,aggregate=${aggregate}`),
  `sliding-incremental:${EVENTS_OF_ALL},${LATE},size=1000,slide=250`,
  `sliding-incremental:${EVENTS_OF_ALL},${LATE},size=1000,slide=250,panes=true`,
  `sliding-holistic:${EVENTS_OF_ALL},${LATE},size=1000,slide=250`,
  `session-incremental:${EVENTS_OF_ALL},${LATE},gap=150,lateness=300`,
  `session-holistic:${EVENTS_OF_ALL},${LATE},gap=150`,
  `window-join:${EVENTS_OF_ALL},${LATE},size=200`,
  `interval-join:${EVENTS_OF_ALL},${LATE},lower=-50,upper=100`,
  `continuous-join:${EVENTS_OF_ALL}`,
  `continuous-aggregation:${EVENTS_OF_ALL}`,
  `synthetic:${PLAIN},size=700,distribution=latest,regime=growing,growOver=5000,arrivals=burst,burstEvery=900,burstLength=80`,
  `synthetic:${PLAIN},size=700,distribution=hotspot,regime=expiring,turnover=2000,payload=normal`,
  `synthetic:${PLAIN},size=700,distribution=ecdf,ecdf=0.1:0.6;1:1,payload=uniform,compressibility=0.5`,
  `flights-delays:limit=${EVENTS}`,
  `flights-delays:limit=${EVENTS},arrivals=actual,window=session,gap=3600000`,
  `event-file:file=${CLICKS},time=ts,key=user,value=amount,size=60000,watermarkEvery=100`,
  `event-file:file=${CLICKS},time=ts,key=user,value=amount,decimals=2,window=session,gap=20000,rollup=3600000,watermarkEvery=100`,
];

/** What a preset gives, to be compared between engines and between divisions. */
export interface PresetDigests {
  /** Of the events in their order: keys, times, types, values. */
  readonly events: string;
  /** Of all rows, by the oracle. */
  readonly oracle: string;
  /** Of all rows, by the pipeline on the memory backend: alone, then added up over the parts of each of {@link PARTS}. */
  readonly alone: string;
  readonly divided: readonly string[];
  readonly rows: number;
}

/** Runs a preset in every way, from the same seed. Deterministic, if the code and the engine are right. */
export async function presetDigests(spec: string): Promise<PresetDigests> {
  const workload = await create<Workload>(await loadWorkload(spec));
  const source = () => workload.source({ seed: SEED, endless: true });
  const alone = await output(workload, await source(), null);
  const divided: string[] = [];
  for (const parts of PARTS) {
    const states: DigestState[] = [];
    for (let part = 0; part < parts; part++) {
      states.push(await output(workload, await source(), new KeyGroupFilter(keyGroupsOf(part, parts), workload)));
    }
    divided.push(hex(OutputDigest.sum(states)));
  }
  let right = '';
  for await (const { ended } of oracle(workload, await source(), [EVENTS])) right = ended.digest;
  return { events: eventDigest(await source()), oracle: right, alone: hex(alone), divided, rows: alone.rows };
}

/** What is wrong with the digests of one engine by themselves; null if nothing is. */
export function problemIn({ oracle: right, alone, divided, rows }: PresetDigests): string | null {
  if (rows === 0) return 'no row came out';
  if (alone !== right) return `the pipeline gave ${alone}, the oracle ${right}`;
  const wrong = divided.findIndex((digest) => digest !== alone);
  return wrong === -1 ? null : `divided by ${PARTS[wrong]} the rows are ${divided[wrong]}, alone ${alone}`;
}

async function output(workload: Workload, source: Source, part: StreamPart | null): Promise<DigestState> {
  const backend = await create<StateBackend>(await loadBackend('memory'));
  const directory = await mkdtemp(join(tmpdir(), 'statebench-digests-'));
  const store = await backend.open({ directory, tables: workloadTables(workload) });
  const sink = new DigestSink();
  const pipeline = new Pipeline({ workload, store, batchSize: BATCH_SIZE, sink, ...(part !== null && { part }) });
  const batch = new EventBatch(workload.watermark.everyEvents, source);
  while (pipeline.events < EVENTS && source.fill(batch, Math.min(EVENTS - pipeline.events, pipeline.untilWatermark)) > 0) {
    await pipeline.process(batch);
  }
  await pipeline.end();
  await store.close();
  await rm(directory, { recursive: true });
  return sink.save() as unknown as DigestState;
}

function eventDigest(source: Source): string {
  const digest = new OutputDigest();
  const batch = new EventBatch(BATCH_SIZE, source);
  const words = source.keyBytes >>> 2;
  for (let left = EVENTS; left > 0; left -= batch.length) {
    const position = source.position;
    if (source.fill(batch, left) === 0) break;
    const { keyWords, timestamps, types, values, width } = batch;
    for (let i = 0; i < batch.length; i++) {
      digest.add(1 + types[i]!, timestamps[i]!, position + i, keyWords, i * words, words, values, i * width, width);
    }
  }
  return digest.hex();
}

function hex(state: DigestState): string {
  return OutputDigest.load(state).hex();
}
