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

const WORKLOAD = 'flights-delays';
const SEED = 1;
const ROUNDS = 3;
const WARM_UP_SECONDS = 10;
const MEASURED_SECONDS = 8;
const TIMEOUT_MS = 600_000;
/** By events alone, and long enough for our code to be warm. */
const OURS = { kind: 'rate', workload: WORKLOAD, events: 1e6, warmUp: 3e5, secondsMax: 3_600, batchSize: 1000 } as const;
/** Which of our backends keeps state as which of Flink's does. */
const PAIRS = [
  ['memory', 'hashmap'],
  ['rocksdb', 'rocksdb'],
] as const;
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
    for (const [ours, state] of PAIRS) yield* compared(ours, `flink:${state},url=${started.server.url}`, join(directory, 'trials'));
  } finally {
    if (started.state === 'running') await started.server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function* compared(ours: string, spec: string, directory: string): AsyncGenerator<Figure> {
  const planned = await plannedCell(spec);
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
    const own = (await inTurn(1, [{ ...OURS, backend: ours }]))[0]![0]!;
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
    `${ours}, ${WORKLOAD}, processor time`,
    'ns/event',
    pairs.map(({ ourNs }) => ourNs),
  );
  yield figure(
    `${name}, ${WORKLOAD}, processor time`,
    'ns/event',
    pairs.map(({ flinkNs }) => flinkNs),
  );
  yield figure(
    `${name}, ${WORKLOAD}`,
    'events/s',
    pairs.map(({ flinkRate }) => flinkRate),
  );
  yield figure(
    `${ours} ÷ ${name}, events per core`,
    'x',
    pairs.map(({ ourNs, flinkNs }) => flinkNs / ourNs),
  );
}

async function plannedCell(spec: string): Promise<PlannedCell> {
  const suite = overrule(DEFAULT_SUITE, { measures: ['throughput'], workloads: [parseSpec(WORKLOAD)] });
  const modules = {
    backends: [await loadBackend(spec)],
    workloads: [await loadWorkload(WORKLOAD)],
    storages: [await loadStorage('filesystem')],
  };
  return makePlan(suite, modules, { command: 'npm run bench -- flink', startedAt: new Date(), leftOut: [] }).cells[0]!;
}
