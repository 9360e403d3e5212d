/** Which process something belongs to, in a form that a later process can check: pids alone are given out again. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

export const processSchema = z.strictObject({
  pid: z.int().positive(),
  /** When it started, in the kernel's clock ticks since boot; null where the system has no /proc. */
  startTicks: z.int().nonnegative().nullable(),
  /** Pids mean something on their own machine only. */
  host: z.string(),
});
export type ProcessIdentity = z.infer<typeof processSchema>;

export function thisProcess(): ProcessIdentity {
  return identityOf(process.pid);
}

/** That of a process of this machine which is there. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTicks: statOf(pid)?.startTicks ?? null, host: hostname() };
}

/** `elsewhere`: it is, or was, a process of another machine or container, of which nothing can be told from here. */
export function stateOf({ pid, startTicks, host }: ProcessIdentity): 'running' | 'gone' | 'elsewhere' {
  if (host !== hostname()) return 'elsewhere';
  if (!exists(pid)) return 'gone';
  const stat = statOf(pid);
  if (stat === null) return 'running';
  // A zombie does nothing any more; another start means that the pid was given out again.
  return stat.state === 'Z' || (startTicks !== null && stat.startTicks !== startTicks) ? 'gone' : 'running';
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Fields 3 and 22 of /proc/PID/stat, see proc(5); the name before them may hold spaces and parentheses. */
function statOf(pid: number): { readonly state: string; readonly startTicks: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTicks: Number(fields[19]) };
  } catch {
    return null;
  }
}
