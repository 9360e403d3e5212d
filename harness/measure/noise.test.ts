// Proves that evidence gets the badge that its limits say, that a process beside the run is told from the run's own children, and that
// arithmetic and a walk through memory take about as long each time. Where there is no /proc, that nothing is null without a reason.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { judged, NoiseWatch } from './noise.ts';
import { processorTime } from './processor-time.ts';
import { spinMs } from './spin.ts';
import { walkMs } from './walk.ts';

const QUIET = {
  spinBeforeMs: 10,
  spinAfterMs: 10.2,
  spinMedianMs: 10.1,
  stealShare: 0,
  othersShare: 0.02,
  swappedPages: 0,
  majorFaults: 3,
  supervisorShare: 0.1,
  unavailable: {},
};

test('badges follow the limits, and say what to do', (t) => {
  t.is(judged(QUIET, false).badge, 'green');
  t.is(judged({ ...QUIET, walkBeforeMs: 5, walkAfterMs: 3, walkMedianMs: 5 }, false).badge, 'green', 'faster memory harms nobody');
  const cases = [
    [{ spinAfterMs: 10.7 }, 'spin', 'amber'],
    [{ spinBeforeMs: 8.4 }, 'spin', 'red'],
    [{ walkBeforeMs: 5, walkAfterMs: 6, walkMedianMs: 5.1 }, 'walk', 'amber'],
    [{ stealShare: 0.011 }, 'steal', 'amber'],
    [{ stealShare: 0.06 }, 'steal', 'red'],
    [{ throttledShare: 0.002, throttledPeriods: 1, throttledSeconds: 0.05 }, 'throttled', 'amber'],
    [{ throttledShare: 0.95, throttledPeriods: 95, throttledSeconds: 4 }, 'throttled', 'red'],
    [{ othersShare: 0.11 }, 'others', 'amber'],
    [{ othersShare: 0.31 }, 'others', 'red'],
    [{ swappedPages: 1 }, 'swap', 'amber'],
    [{ swappedPages: 300 }, 'swap', 'red'],
    [{ majorFaults: 100 }, 'major-faults', 'amber'],
    [{ supervisorShare: 0.95 }, 'supervisor', 'amber'],
  ] as const;
  for (const [change, what, level] of cases) {
    const { badge, findings } = judged({ ...QUIET, ...change }, false);
    t.deepEqual([badge, findings.length, findings[0]?.what, findings[0]?.level], [level, 1, what, level]);
    t.true(findings[0]!.found.length > 10 && findings[0]!.remedy.length > 10);
  }
  t.is(judged({ ...QUIET, majorFaults: 1000 }, true).badge, 'green', 'a store that reads files may have to wait for a disk');
  t.is(judged({ ...QUIET, stealShare: null, othersShare: null, swappedPages: null, majorFaults: null }, false).badge, 'green');
  t.is(judged({ ...QUIET, stealShare: 0.06, swappedPages: 1 }, false).badge, 'red', 'the worst counts');
});

test('what is not told has a reason, and arithmetic takes its time', (t) => {
  const watch = new NoiseWatch();
  watch.start();
  const noise = watch.stop({ majorFaults: null, readsFiles: false, usesServer: false });
  for (const name of ['stealShare', 'othersShare', 'swappedPages', 'majorFaults'] as const)
    t.is(noise[name] === null, name in noise.unavailable, name);
  t.true(noise.spinBeforeMs > 0.1 && noise.spinMedianMs > 0.1);
  t.true(spinMs() > 0.1);
  t.true(noise.walkBeforeMs! > 0.1 && noise.walkMedianMs! > 0.1);
  t.true(walkMs() > 0.25, 'each of 50,000 steps waits for more than the caches of a core');
});

const linuxTest = process.platform === 'linux' ? test : test.skip;

linuxTest('the time of a child is the own, while it lives and when it has ended', async (t) => {
  const program = 'const end = performance.now() + 60000; while (performance.now() < end && process.cpuUsage().user < 5e5);';
  const before = processorTime()!;
  const child = spawn(process.execPath, ['-e', `${program} process.stdout.write('.'); setInterval(() => {}, 1000)`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const during = processorTime()!;
  t.true(during.ownTicks - before.ownTicks >= 40, `${during.ownTicks - before.ownTicks} ticks of a child that took half a second`);
  t.is(during.descendants, before.descendants + 1);
  child.kill();
  await once(child, 'exit');
  const after = processorTime()!;
  t.true(after.ownTicks >= during.ownTicks);
  t.true(after.allTicks - before.allTicks >= 40);
});
