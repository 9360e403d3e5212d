/** Which workload a seed stands for, and where the kills of its run come: the same for a seed on every machine. */
import { builtInFile, type ModuleRef } from '../../harness/modules.ts';
import { seededRandom } from '../../harness/random.ts';
import { type Ordeal, UNHARMED } from '../../harness/survival/survival.ts';
import type { KillMoment } from '../../harness/trial/tasks.ts';

/** A run for kills to come into: small, since a run is repeated a thousand times, with a checkpoint every few milliseconds. */
export interface Ground {
  readonly workload: ModuleRef;
  readonly checkpointEvery: number;
  readonly batchSize: number;
  readonly overlap: boolean;
  /** Seed of the events: one of few, so that an answer of the oracle serves many runs. */
  readonly eventSeed: number;
}

const SYNTHETIC = { events: 12_000, ratePerSecond: 4_000, watermarkEvery: 500, disorder: 0.1, disorderMs: 300, late: 0.01 };

const WORKLOADS: readonly ModuleRef[] = [
  workload('synthetic', { ...SYNTHETIC, keys: 700, size: 1_000, distribution: 'zipf' }),
  workload('tumbling-holistic', { ...SYNTHETIC, keys: 300, size: 2_000 }),
  workload('sliding-incremental', { ...SYNTHETIC, keys: 200, size: 2_000, slide: 500 }),
  workload('flights-delays', { limit: 12_000, arrivals: 'actual' }),
  workload('session-incremental', { ...SYNTHETIC, keys: 300, gap: 60, lateness: 200 }),
  workload('session-holistic', { ...SYNTHETIC, keys: 300, gap: 100 }),
  workload('window-join', { ...SYNTHETIC, keys: 700, size: 500 }),
  workload('interval-join', { ...SYNTHETIC, keys: 300, lower: -100, upper: 50 }),
  workload('continuous-join', { ...SYNTHETIC, keys: 500, late: 0 }),
];
const EVENT_SEEDS = 8;
const BATCH_SIZES = [7, 64, 1000];
/** No multiple of any watermark's, so that cuts fall between two of them as well. */
const CHECKPOINTS_EVERY = [700, 1_450];

function workload(name: string, options: ModuleRef['options']): ModuleRef {
  return { kind: 'workload', name, file: builtInFile('workload', name), options };
}

/** The run that a seed stands for. */
export function groundOf(seed: number): Ground {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  return {
    // By turns, so that a handful of seeds has them all.
    workload: WORKLOADS[seed % WORKLOADS.length]!,
    checkpointEvery: pick(CHECKPOINTS_EVERY),
    batchSize: pick(BATCH_SIZES),
    overlap: random() < 0.7,
    eventSeed: Math.floor(random() * EVENT_SEEDS),
  };
}

/** From the word of a process that it is there to its SIGKILL, at most. Its way through a parent that is busy comes on top. */
const DELAY_MS = { replay: 4, checkpoint: 12, restore: 6 } as const;

/**
 * Kills at arbitrary moments: 40 % amid processing, 40 % amid a checkpoint, 20 % amid a restore.
 * @param twice each kill is followed by one amid the restore that it leads to.
 */
export function* killsOf(seed: number, count: number, checkpointEvery: number, twice: boolean): Generator<Ordeal> {
  const random = seededRandom(seed + 0x1_0000_0000);
  for (let kill = 0; kill < count; kill++) {
    // The first comes when there is something to restore.
    const choice = kill === 0 ? 0.4 + 0.4 * random() : random();
    const place = random();
    const delay = random();
    yield killOrdeal(momentOf(choice, place, checkpointEvery), delay);
    if (twice) yield killOrdeal({ phase: 'restore' }, random());
  }
}

function momentOf(choice: number, place: number, checkpointEvery: number): KillMoment {
  if (choice < 0.4) return { phase: 'replay', afterEvents: 1 + Math.floor(place * 3 * checkpointEvery) };
  return choice < 0.8 ? { phase: 'checkpoint', nth: 1 + Math.ceil(place * 2) } : { phase: 'restore' };
}

function killOrdeal(killAt: KillMoment, delay: number): Ordeal {
  const delayMs = delay * DELAY_MS[killAt.phase];
  const name = `killed ${delayMs.toFixed(1)} ms after ${JSON.stringify(killAt)}`;
  return { ...UNHARMED, name, killAt, onKillMe: (kill) => afterMs(delayMs, kill) };
}

/** A timer has whole milliseconds: the rest is spent in turns of the event loop. */
function afterMs(ms: number, act: () => void): void {
  const due = performance.now() + ms;
  const look = () => (performance.now() < due ? setImmediate(look) : act());
  if (ms < 1) look();
  else setTimeout(look, Math.floor(ms - 1));
}
