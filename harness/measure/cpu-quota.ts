/** The CPU quota of a container, and how often it was used up: from Linux's control groups, of version 1 and 2. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROC } from './proc.ts';

/** A control group that limits this process: its own, or one above it. */
interface CpuGroup {
  readonly version: 1 | 2;
  readonly directory: string;
}

/** Where the CPU groups are, own group first, or why they cannot be read. */
type CpuGroups = { readonly groups: readonly CpuGroup[] } | { readonly reason: string };

/** Counters of one group, which only grow. */
interface Throttling {
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledSeconds: number;
}

/** Counters of all groups on the path, by directory. */
export type ThrottlingByGroup = ReadonlyMap<string, Throttling>;

/** What a quota did between two readings. */
export interface Throttled {
  /** Of the periods in which a group ran, those in which it had used up its quota: of the group with most of them. */
  readonly share: number;
  readonly periods: number;
  /** How long that group's processors stood still for it, added up. */
  readonly seconds: number;
}

/**
 * The smallest quota of this process's groups, in CPUs.
 * @param root folder that mount points are under; for tests
 * @returns `cpus` null without a quota, or where it cannot be read; `reason` says why in that case
 */
export function cpuQuota(proc = PROC, root = ''): { readonly cpus: number | null; readonly reason: string | null } {
  const found = cpuGroups(proc, root);
  if ('reason' in found) return { cpus: null, reason: found.reason };
  const quotas = found.groups.map(quotaOf).filter((cpus) => cpus !== null);
  return { cpus: quotas.length === 0 ? null : Math.min(...quotas), reason: null };
}

/** Reads the counters of all groups on the path. @returns the reason, as a text, where they cannot be read */
export function readThrottling(proc = PROC, root = ''): ThrottlingByGroup | string {
  const found = cpuGroups(proc, root);
  if ('reason' in found) return found.reason;
  return new Map(
    found.groups.flatMap((group) => {
      const throttling = throttlingOf(group);
      return throttling === null ? [] : [[group.directory, throttling] as const];
    }),
  );
}

/** What happened between two readings, in the group that was throttled most. Nothing where no group has a quota. */
export function throttledBetween(before: ThrottlingByGroup, after: ThrottlingByGroup): Throttled {
  let worst: Throttled = { share: 0, periods: 0, seconds: 0 };
  for (const [directory, is] of after) {
    const was = before.get(directory);
    if (was === undefined) continue;
    const periods = is.throttledPeriods - was.throttledPeriods;
    const share = Math.min(1, Math.max(0, periods) / Math.max(1, is.periods - was.periods));
    if (share > worst.share) worst = { share, periods, seconds: Math.max(0, is.throttledSeconds - was.throttledSeconds) };
  }
  return worst;
}

function cpuGroups(proc: string, root: string): CpuGroups {
  const [own, mounts] = [read(`${proc}/self/cgroup`), read(`${proc}/self/mountinfo`)];
  if (own === null || mounts === null) return { reason: `there is no ${proc}/self/cgroup to read control groups from` };
  const lines = own.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const first = lines.find((line) => line?.[1]?.split(',').includes('cpu'));
  const second = lines.find((line) => line?.[1] === '');
  for (const [version, line] of [
    [1, first],
    [2, second],
  ] as const) {
    const mount = line == null ? null : mountOf(mounts, version);
    if (line == null || mount === null) continue;
    const top = `${root}${mount.point}`;
    const below = line[2]!.startsWith(mount.root) ? line[2]!.slice(mount.root.length) : line[2]!;
    const directory = path.posix.join(top, below);
    // In a container that sees only its own group, that group is the mount itself.
    const groups = pathBetween(existsSync(directory) && !below.includes('..') ? directory : top, top);
    if (groups.some((group) => existsSync(path.join(group, 'cpu.stat'))))
      return { groups: groups.map((group) => ({ version, directory: group })) };
  }
  return { reason: 'no control group of this process has a CPU controller that can be read' };
}

/** Root and mount point of the CPU controller's hierarchy. */
function mountOf(mounts: string, version: 1 | 2): { readonly root: string; readonly point: string } | null {
  for (const line of mounts.split('\n')) {
    const [place, kind] = line.split(' - ');
    const [type, , options = ''] = kind?.split(' ') ?? [];
    const isIt = version === 2 ? type === 'cgroup2' : type === 'cgroup' && options.split(',').includes('cpu');
    const [, , , root, point] = place?.split(' ') ?? [];
    if (isIt && root !== undefined && point !== undefined) return { root: root === '/' ? '' : root, point };
  }
  return null;
}

function pathBetween(directory: string, top: string): readonly string[] {
  const groups: string[] = [];
  for (let at = directory.replace(/\/$/, ''); at.length >= top.length; at = path.posix.dirname(at)) groups.push(at);
  return groups;
}

function quotaOf({ version, directory }: CpuGroup): number | null {
  const [quota, period] =
    version === 2
      ? (read(path.join(directory, 'cpu.max'))?.trim().split(' ').map(Number) ?? [])
      : ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) => Number(read(path.join(directory, name)) ?? Number.NaN));
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : null;
}

function throttlingOf({ version, directory }: CpuGroup): Throttling | null {
  const stat = read(path.join(directory, 'cpu.stat'));
  if (stat === null) return null;
  const counter = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
  return {
    periods: counter('nr_periods'),
    throttledPeriods: counter('nr_throttled'),
    throttledSeconds: version === 2 ? counter('throttled_usec') / 1e6 : counter('throttled_time') / 1e9,
  };
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
