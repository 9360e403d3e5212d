/** Where the time of the processors went, from Linux's /proc. Every other platform tells nothing, which is null here. */
import { readdirSync, readFileSync } from 'node:fs';
import { PROC } from './proc.ts';

/** Counters that only grow, in ticks of the kernel (a hundredth of a second on every Linux there is) and pages. */
export interface ProcessorTime {
  /** All that the processors did, idling included. */
  readonly allTicks: number;
  readonly idleTicks: number;
  readonly stealTicks: number;
  /** Of this process, its descendants, and those of them that have ended. */
  readonly ownTicks: number;
  readonly swappedPages: number;
  /** Descendants that are alive. */
  readonly descendants: number;
}

/** Null where the platform does not tell. */
export function processorTime(proc = PROC): ProcessorTime | null {
  try {
    const cpu = /^cpu +(.*)$/m
      .exec(readFileSync(`${proc}/stat`, 'utf8'))![1]!
      .split(/ +/)
      .map(Number);
    // user nice system idle iowait irq softirq steal; guest time is in user time already.
    const [user = 0, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0, steal = 0] = cpu;
    const vm = readFileSync(`${proc}/vmstat`, 'utf8');
    const pages = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(vm)?.[1] ?? 0);
    const { ticks, count } = familyTicks(proc, process.pid);
    return {
      allTicks: user + nice + system + idle + ioWait + irq + softIrq + steal,
      idleTicks: idle + ioWait,
      stealTicks: steal,
      ownTicks: ticks,
      swappedPages: pages('pswpin') + pages('pswpout'),
      descendants: count - 1,
    };
  } catch {
    return null;
  }
}

/**
 * Ticks of this process's descendants that are alive, without some and theirs: of the servers that a run has started.
 * @returns null where the platform does not tell, or there are none
 */
export function descendantTicks(without: readonly number[], proc = PROC): number | null {
  try {
    const { ticks, count } = familyTicks(proc, process.pid, [process.pid, ...without]);
    return count === 0 ? null : ticks;
  } catch {
    return null;
  }
}

interface ProcessStat {
  readonly parent: number;
  /** Of the process and of its children that ended and were waited for. */
  readonly ticks: number;
}

/** @param without of these nothing is counted; of the descendants of all but the root neither */
function familyTicks(proc: string, root: number, without: readonly number[] = []): { readonly ticks: number; readonly count: number } {
  const stats = new Map<number, ProcessStat>();
  const children = new Map<number, number[]>();
  for (const name of readdirSync(proc)) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(proc, name);
    if (stat === null) continue;
    stats.set(Number(name), stat);
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), Number(name)]);
  }
  let ticks = 0;
  let count = 0;
  const left = [root];
  for (let pid = left.pop(); pid !== undefined; pid = left.pop()) {
    const isCounted = !without.includes(pid);
    if (isCounted) {
      ticks += stats.get(pid)?.ticks ?? 0;
      count++;
    }
    if (!isCounted && pid !== root) continue;
    left.push(...(children.get(pid) ?? []));
  }
  return { ticks, count };
}

/** Null for a process that is gone. */
function readStat(proc: string, pid: string): ProcessStat | null {
  try {
    // A name may hold spaces and parentheses: what counts comes after the last one.
    const text = readFileSync(`${proc}/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [parent, user, system, childUser, childSystem] = [1, 11, 12, 13, 14].map((at) => Number(fields[at]));
    return { parent: parent!, ticks: user! + system! + childUser! + childSystem! };
  } catch {
    return null;
  }
}
