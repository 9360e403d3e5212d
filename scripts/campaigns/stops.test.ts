// Proves that however a run is ended (Ctrl-C once or twice, SIGTERM, SIGHUP, a reader gone, SIGKILL) no process, port or unmarked
// temporary directory of it is left, and its trials stay valid: also with a server of its own, and with a backend that is stuck.
import { existsSync } from 'node:fs';
import test from 'ava';
import { JOBS, stopJob, stopsOf } from './stops.ts';

/** Other tests run beside this one; the campaign, alone on the machine, allows 2 s. */
const LIMIT_MS = 6000;
const AT_ONCE = 2;
const seed = Number(process.env.STATEBENCH_SEED ?? Date.now() % 100_000);

if (existsSync('/proc/self/stat')) {
  test('nothing is left of a run that is ended', async (t) => {
    t.timeout(180_000);
    const stops = [...stopsOf(seed, 12, JOBS, 2000)];
    const next = async (): Promise<void> => {
      for (let stop = stops.shift(); stop !== undefined; stop = stops.shift()) {
        const { goneMs, problems } = await stopJob(stop, LIMIT_MS);
        const name = `${stop.way} after ${stop.afterMs} ms of ${stop.job}`;
        t.log(`${name}: gone after ${Math.round(goneMs)} ms`);
        t.deepEqual(problems, [], `${name}; STATEBENCH_SEED=${seed} repeats it`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  });
} else {
  test('not tested: this system has no /proc to look at processes by', (t) => t.pass());
}
