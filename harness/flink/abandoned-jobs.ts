/** Jobs on a cluster that outlived the process that watched them: whoever measures there next ends them. The name says whose one is. */
import { setTimeout as pause } from 'node:timers/promises';
import { StatebenchError } from '../errors.ts';
import { type ProcessIdentity, stateOf, thisProcess } from '../process-identity.ts';
import type { JobManager } from './job-manager.ts';

const NAME = /^statebench .* \((\S+) (\d+) (\d+|-)\)$/;
const POLL_MS = 100;
const GONE_MS = 60_000;

/** What a job of this process is called. */
export function jobName(cell: string): string {
  const { host, pid, startTicks } = thisProcess();
  return `statebench ${cell} (${host} ${pid} ${startTicks ?? '-'})`;
}

function ownerOf(name: string): ProcessIdentity | null {
  const [, host, pid, startTicks] = NAME.exec(name) ?? [];
  if (host === undefined) return null;
  return { host, pid: Number(pid), startTicks: startTicks === '-' ? null : Number(startTicks) };
}

/**
 * Cancels the jobs whose process of this machine is gone, and waits until they have ended. Those of others, and of other machines, are
 * left alone.
 * @throws StatebenchError `unavailable` if they do not end
 */
export async function endAbandonedJobs(jobManager: JobManager, signal: AbortSignal): Promise<void> {
  for (const deadline = performance.now() + GONE_MS; ; ) {
    const abandoned = (await jobManager.runningJobs()).filter(({ name }) => {
      const owner = ownerOf(name);
      return owner !== null && stateOf(owner) === 'gone';
    });
    const [first] = abandoned;
    if (first === undefined) return;
    for (const { id } of abandoned) await jobManager.cancel(id);
    if (performance.now() > deadline) {
      throw new StatebenchError(
        'unavailable',
        `the job ${first.id} of a run that was killed is on the Flink at ${jobManager.url}, and does not end: cancel it there`,
      );
    }
    await pause(POLL_MS, undefined, { signal });
  }
}
