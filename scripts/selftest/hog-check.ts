import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { nowNs } from '../../harness/measure/clock.ts';
import { NoiseWatch } from '../../harness/measure/noise.ts';
import type { SelfCheck } from '../../harness/survival/self-check.ts';

const WATCHED_MS = 1500;
/** The hogs end by themselves, should nobody be there to end them. */
const LONGEST_MS = 20_000;

/** Plants processes that are not of the run on every core but one, and looks whether the badge is red. */
export const hogCheck: SelfCheck = {
  name: 'a hog on the other cores gives a red badge',
  async run() {
    if (process.platform !== 'linux')
      return { passed: true, seen: `${process.platform} does not tell what other processes use: no badge can be red for it` };
    const hogs = await Promise.all(Array.from({ length: Math.max(1, availableParallelism() - 1) }, startOrphan));
    try {
      const watch = new NoiseWatch();
      watch.start();
      // What a trial does: keep one core busy, with turns of the event loop.
      for (const end = nowNs() + WATCHED_MS * 1e6; nowNs() < end; ) await new Promise(setImmediate);
      const { badge, findings } = watch.stop({ majorFaults: null, readsFiles: false, usesServer: false });
      const others = findings.find(({ what }) => what === 'others');
      return {
        passed: badge === 'red' && others?.level === 'red',
        seen: others === undefined ? `nothing: the badge is ${badge}` : `${badge}: ${others.found}`,
      };
    } finally {
      for (const pid of hogs) endIfThere(pid);
    }
  },
};

/** A busy process that is nobody's child here: one of ours would count as the run's own. */
function startOrphan(): Promise<number> {
  const program = `const end = performance.now() + ${LONGEST_MS}; while (performance.now() < end);`;
  return new Promise((resolve, reject) => {
    const shell = spawn('/bin/sh', ['-c', '"$0" -e "$1" >/dev/null 2>&1 & echo $!', process.execPath, program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    shell.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    shell.once('error', reject);
    shell.once('close', () => resolve(Number(text)));
  });
}

function endIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
