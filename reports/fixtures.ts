/**
 * Invented results, for tests only: seeded, of the right shape and plausible, measured nowhere. Product code never imports this.
 */
import type {
  Calls,
  Cell,
  Checkpoint,
  CompletedTrial,
  Durability,
  Environment,
  FailedTrial,
  HistogramData,
  Plan,
  Recovery,
  Trial,
} from '../harness/results.ts';
import { inventLatency } from './invented-latency.ts';
import type { Results } from './read-results.ts';

interface Invented {
  readonly name: string;
  readonly durability: Durability;
  readonly eventsPerSecond: number;
  /** Batch p50 relative to batchSize / rate, and the spread of its logarithm. */
  readonly tail: number;
  readonly pauseMs: number;
  readonly persistMs: number;
  readonly restoreMs: number;
  readonly rssBytes: number;
  readonly diskBytes: number | null;
  readonly storeShare: number;
}

const MB = 1e6;
const BACKENDS: readonly Invented[] = [
  ['memory', 'volatile', 2_710_000, 0.35, 0.6, 400, 310, 1420 * MB, null, 0.38],
  ['lmdb', 'process-crash', 660_000, 0.5, 2, 1300, 220, 460 * MB, 310 * MB, 0.71],
  ['rocksdb', 'volatile', 348_000, 0.7, 19, 210, 280, 380 * MB, 220 * MB, 0.83],
  ['level', 'process-crash', 301_000, 0.75, 0.4, 1900, 410, 290 * MB, 270 * MB, 0.84],
  ['redis', 'volatile', 296_000, 0.4, 0.3, 3, 40, 610 * MB, null, 0.86],
  ['sqlite', 'process-crash', 158_000, 0.8, 1.4, 2700, 350, 210 * MB, 400 * MB, 0.9],
  ['rocksdb@bloom', 'volatile', 362_000, 0.7, 18, 220, 290, 400 * MB, 228 * MB, 0.82],
  ['cassandra', 'os-crash', 21_400, 0.9, 1.1, 6, 65, 2900 * MB, 520 * MB, 0.97],
  ['hbase', 'os-crash', 9_830, 1, 2.6, 11, 120, 3300 * MB, 610 * MB, 0.98],
  ['flink:hashmap', 'volatile', 412_000, 0.6, 9, 830, 900, 1900 * MB, null, 0.45],
  ['flink:rocksdb', 'volatile', 187_000, 0.7, 24, 610, 1400, 1700 * MB, 260 * MB, 0.74],
  ['memory@again', 'volatile', 2_705_000, 0.35, 0.6, 400, 310, 1420 * MB, null, 0.38],
].map(([name, durability, eventsPerSecond, tail, pauseMs, persistMs, restoreMs, rssBytes, diskBytes, storeShare]) => ({
  name,
  durability,
  eventsPerSecond,
  tail,
  pauseMs,
  persistMs,
  restoreMs,
  rssBytes,
  diskBytes,
  storeShare,
})) as readonly Invented[];

const HARNESS: Invented = {
  name: 'null',
  durability: 'volatile',
  eventsPerSecond: 5_900_000,
  tail: 0.2,
  pauseMs: 0.05,
  persistMs: 0.9,
  restoreMs: 1,
  rssBytes: 160 * MB,
  diskBytes: null,
  storeShare: 0.03,
};

/** What to invent. */
export interface Wanted {
  readonly seed: number;
  /** How many of the invented backends, at most 12; the null backend comes on top. */
  readonly backends: number;
  readonly workloads: readonly string[];
  /** Keys of each workload; with several, a workload of its own for each. */
  readonly keys: readonly number[];
  readonly batchSizes: readonly number[];
  readonly parallelisms: readonly number[];
  readonly profile: Plan['profile'];
  /** Spread of the logarithm of throughput from trial to trial. */
  readonly noise: number;
  /** Backends with a trial that dies in block 1, and those with a wrong output after the kill in block 1. */
  readonly failing: readonly string[];
  readonly wrong: readonly string[];
  readonly leftOut: Plan['leftOut'];
}

export const PROFILES = {
  smoke: { name: 'smoke', blocks: 1, warmUpSeconds: 0.5, measuredSeconds: 1, smallestEffect: null, sequential: null },
  quick: { name: 'quick', blocks: 3, warmUpSeconds: 1, measuredSeconds: 3, smallestEffect: 0.25, sequential: null },
  rigorous: {
    name: 'rigorous',
    blocks: 40,
    warmUpSeconds: 10,
    measuredSeconds: 30,
    smallestEffect: 0.05,
    sequential: { looks: [10, 15, 20, 30, 40], fewestBlocks: 15, halfWidth: 0.05, timeLimitSeconds: null },
  },
  standard: { name: 'standard', blocks: 10, warmUpSeconds: 5, measuredSeconds: 15, smallestEffect: 0.05, sequential: null },
} as const satisfies Record<string, Plan['profile']>;

/** The run that most tests look at: every backend, one failure, one wrong output, one left out, 10 blocks. */
export const USUAL: Wanted = {
  seed: 5,
  backends: 12,
  workloads: ['flights-delays'],
  keys: [331],
  batchSizes: [1024],
  parallelisms: [1],
  profile: PROFILES.standard,
  noise: 0.03,
  failing: ['flink:rocksdb'],
  wrong: ['hbase'],
  leftOut: [
    {
      backend: 'aerospike',
      reason: 'no server answers at 127.0.0.1:3000; start one and name it with --backend aerospike:url=…',
      missed: true,
    },
  ],
};

/** Results as a run of that kind might leave them. The same request gives the same results. */
export function inventResults(wanted: Wanted): Results {
  const random = generator(wanted.seed);
  const used = [...BACKENDS.slice(0, wanted.backends), HARNESS];
  const workloads = wanted.workloads.flatMap((workload) =>
    wanted.keys.map((keys) => ({
      name: wanted.keys.length === 1 ? workload : `${workload}@${keys}`,
      settings: { keys, windowMs: 3_600_000, ...(wanted.keys.length > 1 && { fill: 2 * keys }) },
    })),
  );
  const cells = workloads.flatMap((workload) =>
    wanted.batchSizes.flatMap((batchSize) =>
      wanted.parallelisms.flatMap((parallelism) => used.map((backend) => cellOf(backend, workload, batchSize, parallelism))),
    ),
  );
  const plan: Plan = {
    schema: 1,
    suite: 'default',
    command: `npx statebench run ${wanted.workloads.map((workload) => `--workload ${workload}`).join(' ')} --profile ${wanted.profile.name} --seed ${wanted.seed}`,
    seed: wanted.seed,
    startedAt: '2026-11-22T09:30:00.000Z',
    profile: wanted.profile,
    measures: ['throughput', 'latency', 'checkpoint', 'recovery', 'rescale', 'interval'],
    latency: { arrivals: 'constant', limitMs: 1000, ratesPerSecond: null },
    crashesPerDay: 1,
    memoryBytes: null,
    reference: 'memory',
    twin: null,
    cells,
    leftOut: [...wanted.leftOut],
  };
  const trials: Trial[] = [];
  for (let block = 1; block <= wanted.profile.blocks; block++) {
    const drift = normal(random) * 0.05;
    for (const [i, cell] of cells.entries()) {
      const backend = used[i % used.length]!;
      const steady =
        backend.eventsPerSecond *
        (cell.batchSize === 1 ? 0.35 : 1) *
        cell.parallelism ** 0.75 *
        (331 / Number(cell.workload.settings.keys)) ** 0.06;
      const rate = steady * Math.exp(drift + normal(random) * wanted.noise);
      const fails = block === 1 && wanted.failing.includes(backend.name);
      const completed = completedTrial(wanted, cell, backend, block, rate, random);
      trials.push(fails ? failedTrial(completed) : completed);
    }
  }
  return { plan, environment: ENVIRONMENT, trials, tornLines: 0 };
}

const ENVIRONMENT: Environment = {
  schema: 1,
  statebench: '0.1.0',
  node: '20.20.2',
  platform: 'linux-x64',
  kernel: '6.8.0',
  cpu: 'AMD EPYC 7B13',
  cores: 2,
  memoryBytes: 24e9,
  fileSystem: 'ext4',
  fsyncMs: 0.08,
  unavailable: {},
};

function cellOf(backend: Invented, workload: Cell['workload'], batchSize: number, parallelism: number): Cell {
  return {
    id: `${backend.name}/${workload.name}/filesystem/${batchSize}${parallelism === 1 ? '' : `/${parallelism}-processes`}`,
    backend: {
      name: backend.name,
      settings: backend.name === 'lmdb' ? { mapBytes: 1 << 30, noSync: true } : {},
      durability: backend.durability,
    },
    workload,
    storage: { name: 'filesystem', settings: {} },
    batchSize,
    parallelism,
    role: backend === HARNESS ? 'harness-cost' : 'candidate',
  };
}

function completedTrial(wanted: Wanted, cell: Cell, backend: Invented, block: number, rate: number, random: () => number): CompletedTrial {
  const { measuredSeconds, warmUpSeconds } = wanted.profile;
  const near = (value: number, spread = 0.06) => value * Math.exp(normal(random) * spread);
  const measured = Math.round(rate * measuredSeconds);
  const warmUp = Math.round(rate * warmUpSeconds);
  const every = Math.max(1, measuredSeconds / 4);
  const checkpoints: Checkpoint[] = [];
  for (let at = -0.2; at < measuredSeconds - 0.4; at += every) {
    checkpoints.push({
      part: 1,
      id: checkpoints.length + 1,
      atEvent: Math.max(0, Math.round(warmUp + rate * at)),
      atSeconds: at,
      pauseMs: near(backend.pauseMs, 0.2),
      persistMs: near(backend.persistMs, 0.15),
      bytesWritten: Math.round(near((backend.diskBytes ?? 200 * MB) * (checkpoints.length === 0 ? 1 : 0.2))),
      bytesReferenced: checkpoints.length === 0 || !backend.name.includes('rocks') ? 0 : Math.round(near(backend.diskBytes ?? 0)),
      files: 3,
    });
  }
  const seconds = Array.from({ length: Math.floor(measuredSeconds) }, (_, second) => {
    const busy = checkpoints.some(({ atSeconds, persistMs }) => atSeconds < second + 1 && atSeconds + persistMs / 1000 > second);
    return { events: Math.round(near(rate * (busy ? 0.86 : 1.02), 0.02)), p99: near(busy ? 2.4 : 1, 0.1) };
  });
  const batchMs = (cell.batchSize / rate) * 1000;
  const batches = Math.max(1, Math.round(measured / cell.batchSize));
  const all = histogram(batches, batchMs * 0.9 * 1e6, backend.tail, random);
  const p99Ms = batchMs * Math.exp(backend.tail * 2.3);
  const output = { atEvent: warmUp + measured, ended: false, rows: 5_120, digest: 'a3f1'.repeat(8) };
  const ended = { ...output, ended: true, rows: 5_431, digest: '07be'.repeat(8) };
  const spoilt = block === 1 && wanted.wrong.includes(backend.name);
  const storeSeconds = measuredSeconds * backend.storeShare;
  const checkpointSeconds = measuredSeconds * 0.02;
  const sourceSeconds = Math.min(measured * 4e-8, (measuredSeconds - storeSeconds - checkpointSeconds) / 2);
  const candidate = cell.role === 'candidate';
  const keys = Number(cell.workload.settings.keys);
  return {
    schema: 1,
    id: `${cell.id}#${block}.1`,
    cell: cell.id,
    block,
    backend: cell.backend,
    workload: cell.workload,
    storage: cell.storage,
    batchSize: cell.batchSize,
    parallelism: cell.parallelism,
    seed: wanted.seed * 1000 + block,
    startedAt: `2026-11-22T10:${String(block).padStart(2, '0')}:00.000Z`,
    durationSeconds: measuredSeconds * 1.6 + 4,
    state: 'completed',
    events: { total: warmUp + measured + 10_000, warmUp, measured, late: 37, lateByStage: [30, 7] },
    throughput: {
      eventsPerSecond: rate,
      measuredSeconds,
      cpuSeconds: near(measuredSeconds * 1.1),
      meanBatchEvents: measured / batches,
      perSecond: seconds.map(({ events }) => events),
    },
    time: {
      storeSeconds,
      sourceSeconds,
      checkpointSeconds,
      pipelineSeconds: measuredSeconds - storeSeconds - sourceSeconds - checkpointSeconds,
    },
    parts: Array.from({ length: cell.parallelism }, () => ({ events: Math.round(measured / cell.parallelism), measuredSeconds })),
    batchTime: {
      all,
      duringCheckpoint: histogram(Math.round(batches * 0.2), batchMs * 1.5 * 1e6, backend.tail * 1.1, random),
      p99MsPerSecond: seconds.map(({ p99 }) => p99Ms * p99),
    },
    calls: calls(batches, cell.batchSize, (storeSeconds / batches / 2) * 1e9, backend.tail, random),
    checkpoints,
    recovery: candidate
      ? inventRecovery({ wanted, backend, block, rate, warmUp, measured, every, checkpoints: checkpoints.length }, near)
      : null,
    rescale: candidate
      ? {
          splitAtEvent: warmUp,
          mergedAtEvent: warmUp + measured,
          split: { ms: near(300 + backend.restoreMs), entries: 200_000, bytes: 8_000_000 },
          merge: { ms: near(250 + backend.restoreMs * 2), entries: 200_000, bytes: 8_000_000 },
        }
      : null,
    interval: candidate
      ? {
          baselineEventsPerSecond: rate,
          points: [0.25, 0.7, 1.9, 5.3, 15].map((intervalSeconds) => ({
            intervalSeconds,
            checkpoints: Math.round(15 / intervalSeconds),
            measuredSeconds: 15,
            eventsPerSecond: (rate * intervalSeconds) / (intervalSeconds + near(0.02)),
          })),
        }
      : null,
    latency: candidate ? inventLatency(rate, measuredSeconds, backend.tail, random) : null,
    memory: { rssBytesBefore: Math.round(near(120 * MB, 0.01)), rssBytesMax: Math.round(near(backend.rssBytes, 0.02)) },
    liveState: candidate ? { entries: keys, bytes: 48 * keys } : { entries: 0, bytes: 0 },
    disk: {
      workingBytes: backend.diskBytes === null ? null : Math.round(near(backend.diskBytes, 0.02)),
      checkpointBytes: Math.round(near(410 * MB, 0.02)),
    },
    correctness: candidate
      ? {
          uninterrupted: { expected: output, got: output, equal: true },
          ended: null,
          recovered: { expected: ended, got: spoilt ? { ...ended, rows: 5_430, digest: '77be'.repeat(8) } : ended, equal: !spoilt },
          rescaled: { expected: ended, got: ended, equal: true },
          swept: { expected: output, got: output, equal: true },
          paced: { expected: output, got: output, equal: true },
          late: { expected: [30, 7], got: [30, 7], equal: true },
        }
      : { uninterrupted: null, ended: null, recovered: null, rescaled: null, swept: null, paced: null, late: null },
    unavailable: backend.diskBytes === null ? { 'disk.workingBytes': 'this backend keeps its working state in memory' } : {},
  };
}

interface Crash {
  readonly wanted: Wanted;
  readonly backend: Invented;
  readonly block: number;
  readonly rate: number;
  readonly warmUp: number;
  readonly measured: number;
  /** Seconds between checkpoints. */
  readonly every: number;
  readonly checkpoints: number;
}

/** A crash at a fraction of the checkpoint interval that is stratified over the blocks, as in a run. */
function inventRecovery(
  { wanted, backend, block, rate, warmUp, measured, every, checkpoints }: Crash,
  near: (value: number, spread?: number) => number,
): Recovery {
  const killFraction = (((block * 3) % wanted.profile.blocks) + 0.5) / wanted.profile.blocks;
  const [processMs, loadMs, verifyMs, restoreMs] = [near(125), near(40), near(backend.restoreMs * 0.2), near(backend.restoreMs)];
  const replayShare = near(0.8, 0.02);
  const killedAtEvent = warmUp + measured;
  const replayed = Math.max(1, Math.round(rate * every * killFraction));
  return {
    part: 1,
    killedAtEvent,
    restoredFromEvent: killedAtEvent - replayed,
    killFraction,
    restoreMs: verifyMs + restoreMs,
    restoredBytes: Math.round(backend.diskBytes ?? 200 * MB),
    replayRate: replayShare * rate,
    replayShare,
    checkpointId: checkpoints,
    checkpointsSkipped: 0,
    phases: { processMs, loadMs, verifyMs, restoreMs, firstBatchMs: 0, replayMs: (replayed / (replayShare * rate)) * 1000 },
  };
}

function failedTrial(trial: CompletedTrial): FailedTrial {
  const { schema, id, cell, block, backend, workload, storage, batchSize, parallelism, seed, startedAt, durationSeconds } = trial;
  const base = { schema, id, cell, block, backend, workload, storage, batchSize, parallelism, seed, startedAt, durationSeconds };
  return { ...base, state: 'failed', phase: 'checkpoint', code: 'died', message: 'the trial process died by SIGBUS (disk full?)' };
}

function calls(batches: number, batchSize: number, meanNs: number, tail: number, random: () => number): Calls[] {
  return (['read', 'write'] as const).flatMap((operation) =>
    [1, 2].map((stage) => ({
      stage,
      table: `stage-${stage}`,
      operation,
      calls: batches,
      slots: Math.round((batches * batchSize) / (4 * stage)),
      bytes: Math.round((batches * batchSize * 32) / (4 * stage)),
      time: histogram(batches, (meanNs * 0.7) / stage, tail, random),
    })),
  );
}

/** Log-normal values around `middleNs`, in the buckets of the format. */
export function histogram(total: number, middleNs: number, sigma: number, random: () => number, mostDraws = 400): HistogramData {
  const draws = Math.min(total, mostDraws);
  const counts = new Map<number, number>();
  let min = Number.MAX_SAFE_INTEGER;
  let max = 0;
  for (let i = 0; i < draws; i++) {
    const value = Math.max(1, Math.round(middleNs * Math.exp(normal(random) * sigma)));
    min = Math.min(min, value);
    max = Math.max(max, value);
    const weight = Math.floor(total / draws) + (i < total % draws ? 1 : 0);
    const bucket = bucketOf(value);
    counts.set(bucket, (counts.get(bucket) ?? 0) + weight);
  }
  const sorted = [...counts].toSorted((a, b) => a[0] - b[0]);
  return { unit: 'ns', subBuckets: 128, total, min: draws === 0 ? 0 : min, max, counts: sorted.flat() };
}

/** Index of the bucket that holds `value`. */
export function bucketOf(value: number): number {
  if (value < 256) return value;
  const octave = Math.floor(Math.log2(value)) - 7;
  return octave * 128 + Math.floor(value / 2 ** octave);
}

/** Uniform numbers in [0, 1), always the same for a seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A standard normal number (Box–Muller). */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
