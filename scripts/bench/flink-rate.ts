/** Our pipeline against Flink's own job on the same events and windows: processor time of both for an event, in one run. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StatebenchError } from '../../harness/errors.ts';
import { eventsPerSecondOnFlink, measureOnFlink } from '../../harness/flink/flink-engine.ts';
import { loadBackend, loadStorage, loadWorkload } from '../../harness/modules.ts';
import { makePlan, type PlannedCell } from '../../harness/plan.ts';
import { parseSpec } from '../../harness/spec.ts';
import { DEFAULT_SUITE, overrule } from '../../harness/suite.ts';
import { startFlink } from '../servers/flink.ts';
import { type Figure, figure } from './figure.ts';
import { inTurn } from './runs.ts';

/** A few thousand keys of real events, and the 100,000 keys at which a heap's cache misses count. */
const WORKLOADS = ['flights-delays', 'synthetic:keys=100000'] as const;
const SEED = 1;
const ROUNDS = 3;
const WARM_UP_SECONDS = 10;
const MEASURED_SECONDS = 8;
const TIMEOUT_MS = 600_000;
/** Which of our backends keeps state as which of Flink's does. By events alone, and seconds long, so that our code is warm and its garbage counts. */
const PAIRS = [
  { ours: { backend: 'memory', warmUp: 4e6, events: 8e6 }, state: 'hashmap' },
  { ours: { backend: 'rocksdb', warmUp: 3e5, events: 1e6 }, state: 'rocksdb' },
] as const;
type Pair = (typeof PAIRS)[number];
const NEVER = { firstEvent: Number.MAX_SAFE_INTEGER, everyEvents: Number.MAX_SAFE_INTEGER, exact: false } as const;

/** Left out with the reason where Flink cannot be started. */
export async function* flinkFigures(): AsyncGenerator<Figure> {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-bench-flink-'));
  const started = await startFlink({ directory, durability: 'volatile' });
  try {
    if (started.state === 'unavailable') {
      process.stderr.write(`flink: ${started.reason}. ${started.remedy}\n`);
      return;
    }
    for (const workload of WORKLOADS) {
      for (const pair of PAIRS) yield* compared(pair, workload, started.server.url, join(directory, 'trials'));
    }
  } finally {
    if (started.state === 'running') await started.server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function* compared({ ours, state }: Pair, workload: string, url: string, directory: string): AsyncGenerator<Figure> {
  const planned = await plannedCell(`flink:${state},url=${url}`, workload);
  const { signal } = new AbortController();
  const rate = await eventsPerSecondOnFlink({
    planned,
    seed: SEED,
    directory: join(directory, 'calibrate'),
    signal,
    fill: 0,
    seconds: WARM_UP_SECONDS,
    timeoutMs: TIMEOUT_MS,
  });
  const stream = {
    warmUp: Math.ceil(rate * WARM_UP_SECONDS),
    measured: Math.ceil(rate * MEASURED_SECONDS),
    swept: 0,
    tail: 0,
    killSpan: 0,
    checkpoints: NEVER,
  };
  const pairs: { readonly ourNs: number; readonly flinkNs: number; readonly flinkRate: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const own = (await inTurn(1, [{ kind: 'rate', workload, secondsMax: 3_600, batchSize: 1000, ...ours }]))[0]![0]!;
    const theirs = await measureOnFlink({
      planned,
      block: 1,
      attempt: 1,
      seed: SEED,
      stream,
      kill: null,
      watchesDevice: false,
      interval: false,
      latency: null,
      rescale: false,
      expected: null,
      directory: join(directory, `round-${round}`),
      timeoutMs: TIMEOUT_MS,
      signal,
      onPhase: () => {},
    });
    if ('phase' in theirs)
      throw new StatebenchError('backend-failed', `${planned.cell.backend.name} failed (${theirs.phase}): ${theirs.message}`);
    const { cpuSeconds, eventsPerSecond } = theirs.throughput;
    // Flink's processor time has the reading of events in it, so ours has the making of them.
    pairs.push({
      ourNs: own.nsPerEvent + own.sourceNsPerEvent,
      flinkNs: ((cpuSeconds ?? Number.NaN) * 1e9) / stream.measured,
      flinkRate: eventsPerSecond,
    });
  }
  const name = planned.cell.backend.name;
  yield figure(
    `${ours.backend}, ${workload}, processor time`,
    'ns/event',
    pairs.map(({ ourNs }) => ourNs),
  );
  yield figure(
    `${name}, ${workload}, processor time`,
    'ns/event',
    pairs.map(({ flinkNs }) => flinkNs),
  );
  yield figure(
    `${name}, ${workload}`,
    'events/s',
    pairs.map(({ flinkRate }) => flinkRate),
  );
  yield figure(
    `${ours.backend} ÷ ${name}, ${workload}, events per core`,
    'x',
    pairs.map(({ ourNs, flinkNs }) => flinkNs / ourNs),
  );
}

async function plannedCell(spec: string, workload: string): Promise<PlannedCell> {
  const suite = overrule(DEFAULT_SUITE, { measures: ['throughput'], workloads: [parseSpec(workload)] });
  const modules = {
    backends: [await loadBackend(spec)],
    workloads: [await loadWorkload(parseSpec(workload))],
    storages: [await loadStorage('filesystem')],
  };
  return makePlan(suite, modules, { command: 'npm run bench -- flink', startedAt: new Date(), leftOut: [] }).cells[0]!;
}
