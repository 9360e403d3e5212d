import { availableParallelism } from 'node:os';
import type { Noise } from '../results-noise.ts';
import { nowNs } from './clock.ts';
import { readThrottling, type ThrottlingByGroup, throttledBetween } from './cpu-quota.ts';
import { PROC } from './proc.ts';
import { type ProcessorTime, processorTime } from './processor-time.ts';
import { spinMs } from './spin.ts';
import { walkMs } from './walk.ts';

/** From where a finding is amber, and from where it is red. */
const LIMITS = {
  /** How far off the run's median. */
  spin: { amber: 0.05, red: 0.15 },
  /** Slower than the run's median. */
  walk: { amber: 0.15, red: Number.POSITIVE_INFINITY },
  steal: { amber: 0.01, red: 0.05 },
  /** Of the periods of a CPU quota. */
  throttled: { amber: 0.001, red: 0.05 },
  others: { amber: 0.1, red: 0.3 },
  /** In pages: any, and a MiB of them. */
  swap: { amber: 1, red: 256 },
  supervisor: { amber: 0.9, red: Number.POSITIVE_INFINITY },
  majorFaults: { amber: 100, red: Number.POSITIVE_INFINITY },
} as const;

type Evidence = Omit<Noise, 'badge' | 'findings'>;

/** What is known of a trial beside the machine. */
export interface Watched {
  readonly majorFaults: number | null;
  /** Whether its backend reads files, which may well have to come from a disk. */
  readonly readsFiles: boolean;
  /** Whether its backend uses a server, which is known for one only where this run has started it. */
  readonly usesServer: boolean;
}

/** Watches the machine during the trials of a run, from the process that drives it. */
export class NoiseWatch {
  /** How fast a core was, before and after every trial. */
  readonly #spins: number[] = [];
  #spinBeforeMs = 0;
  /** How fast memory was, likewise. */
  readonly #walks: number[] = [];
  #walkBeforeMs = 0;
  #before: ProcessorTime | null = null;
  #throttlingBefore: ThrottlingByGroup | string = '';
  #cpuBefore = process.cpuUsage();
  #startNs = 0;
  readonly #proc: string;

  constructor(proc = PROC) {
    this.#proc = proc;
  }

  /** Begins with a trial. Takes some hundredths of a second. */
  start(): void {
    this.#spinBeforeMs = spinMs();
    this.#walkBeforeMs = walkMs();
    this.#before = processorTime(this.#proc);
    this.#throttlingBefore = readThrottling(this.#proc);
    this.#cpuBefore = process.cpuUsage();
    this.#startNs = nowNs();
  }

  /** Ends with a trial, and says how quiet it was. Takes as long. */
  stop({ majorFaults, readsFiles, usesServer }: Watched): Noise {
    const seconds = (nowNs() - this.#startNs) / 1e9;
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    const after = processorTime(this.#proc);
    const throttlingAfter = readThrottling(this.#proc);
    const spinAfterMs = spinMs();
    const walkAfterMs = walkMs();
    this.#spins.push(this.#spinBeforeMs, spinAfterMs);
    this.#walks.push(this.#walkBeforeMs, walkAfterMs);
    const { before, unavailable } = { before: this.#before, unavailable: {} as Record<string, string> };
    const spent = before === null || after === null ? null : spentBetween(before, after);
    if (spent === null)
      for (const name of ['stealShare', 'othersShare', 'swappedPages'])
        unavailable[name] = `${process.platform} tells nothing of it here: there is no ${PROC}`;
    const isServerUnknown = usesServer && (before?.descendants ?? 0) === 0;
    if (spent !== null && isServerUnknown)
      unavailable.othersShare = 'the time of a server that this run did not start cannot be told from that of others';
    const throttled =
      typeof this.#throttlingBefore === 'string' || typeof throttlingAfter === 'string'
        ? null
        : throttledBetween(this.#throttlingBefore, throttlingAfter);
    if (typeof throttlingAfter === 'string') unavailable.throttledShare = throttlingAfter;
    if (majorFaults === null) unavailable.majorFaults = 'the platform does not tell page faults';
    const evidence: Evidence = {
      spinBeforeMs: this.#spinBeforeMs,
      spinAfterMs,
      spinMedianMs: median(this.#spins),
      walkBeforeMs: this.#walkBeforeMs,
      walkAfterMs,
      walkMedianMs: median(this.#walks),
      stealShare: spent?.stealShare ?? null,
      othersShare: spent === null || isServerUnknown ? null : spent.othersShare,
      throttledShare: throttled?.share ?? null,
      throttledPeriods: throttled?.periods ?? null,
      throttledSeconds: throttled?.seconds ?? null,
      swappedPages: spent?.swappedPages ?? null,
      majorFaults,
      supervisorShare: (user + system) / 1e6 / seconds,
      unavailable,
    };
    return judged(evidence, readsFiles);
  }
}

function spentBetween(before: ProcessorTime, after: ProcessorTime) {
  const all = Math.max(1, after.allTicks - before.allTicks);
  const steal = after.stealTicks - before.stealTicks;
  const busy = all - (after.idleTicks - before.idleTicks) - steal;
  return {
    stealShare: Math.max(0, steal) / all,
    // Ticks are coarse and read one after the other: a little below zero is none.
    othersShare: Math.max(0, busy - (after.ownTicks - before.ownTicks)) / all,
    swappedPages: Math.max(0, after.swappedPages - before.swappedPages),
  };
}

/** Puts evidence into words and a badge. */
export function judged(evidence: Evidence, readsFiles: boolean): Noise {
  const findings: Noise['findings'] = [];
  const look = (
    what: Noise['findings'][number]['what'],
    value: number | null,
    limits: { readonly amber: number; readonly red: number },
    found: string,
    remedy: string,
  ) => {
    if (value === null || value < limits.amber) return;
    findings.push({ what, level: value >= limits.red ? 'red' : 'amber', found, remedy });
  };
  const { spinBeforeMs, spinAfterMs, spinMedianMs, stealShare, othersShare, swappedPages, majorFaults, supervisorShare } = evidence;
  const off = Math.max(...[spinBeforeMs, spinAfterMs].map((ms) => Math.abs(ms / spinMedianMs - 1)));
  look(
    'spin',
    off,
    LIMITS.spin,
    `a core was ${percent(off)} off its usual speed`,
    'hold the clock speed (statebench doctor says how), and let the machine do nothing else',
  );
  const { walkBeforeMs, walkAfterMs, walkMedianMs } = evidence;
  const slower = walkMedianMs === undefined ? null : Math.max(walkBeforeMs!, walkAfterMs!) / walkMedianMs - 1;
  look(
    'walk',
    slower,
    LIMITS.walk,
    `memory was ${percent(slower)} slower than usual`,
    'measure on a machine of your own, or at a quieter hour: others use the same caches and the same memory',
  );
  look(
    'steal',
    stealShare,
    LIMITS.steal,
    `the hypervisor took ${percent(stealShare)} of the processors`,
    'measure on a machine of your own, or at a quieter hour',
  );
  const { throttledShare = null, throttledSeconds = null } = evidence;
  look(
    'throttled',
    throttledShare,
    LIMITS.throttled,
    `the CPU quota was used up in ${percent(throttledShare)} of its periods, and processes stood still for ${(throttledSeconds ?? 0).toFixed(2)} s`,
    "measure without a CPU quota, or give the container's quota more CPUs than the run keeps busy",
  );
  look(
    'others',
    othersShare,
    LIMITS.others,
    `other processes used ${percent(othersShare)} of the ${availableParallelism()} cores`,
    'end what else runs on this machine',
  );
  look(
    'swap',
    swappedPages,
    LIMITS.swap,
    `${swappedPages} pages were swapped`,
    'end what takes memory, or take a smaller state or budget (--memory)',
  );
  if (!readsFiles)
    look('major-faults', majorFaults, LIMITS.majorFaults, `${majorFaults} pages had to come from a disk`, 'end what takes memory');
  look(
    'supervisor',
    supervisorShare,
    LIMITS.supervisor,
    `the process that drives the run used ${percent(supervisorShare)} of a core`,
    'run without --json or a slow terminal, and tell us',
  );
  const badge = findings.some(({ level }) => level === 'red') ? 'red' : findings.length > 0 ? 'amber' : 'green';
  return { badge, findings, ...evidence };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function percent(fraction: number | null): string {
  return `${((fraction ?? 0) * 100).toFixed(1)} %`;
}
