import type { Noise } from '../../harness/results.ts';
import type { SelfCheck } from '../../harness/survival/self-check.ts';
import { makeQuotaGroup, runInGroup } from './quota-group.ts';

const CPUS = 0.2;
/** Some ten periods of the quota. */
const WATCHED_MS = 1000;
const NOISE = new URL('../../harness/measure/noise.js', import.meta.url).href;

/** What a run does around a trial, in a process of its own: watches while the group is busy. */
const WATCH = `
  const { NoiseWatch } = await import(${JSON.stringify(NOISE)});
  const watch = new NoiseWatch();
  watch.start();
  await new Promise((resolve) => setTimeout(resolve, ${WATCHED_MS}));
  process.stdout.write(JSON.stringify(watch.stop({ majorFaults: null, readsFiles: false, usesServer: false })));
`;

/** Plants a CPU quota that is used up, and looks whether the evidence of noise names it. */
export const quotaCheck: SelfCheck = {
  name: 'a CPU quota that is used up during a trial is noticed',
  async run() {
    const group = makeQuotaGroup(CPUS);
    if (typeof group === 'string') return { passed: true, seen: `not tried: ${group}` };
    using quota = group;
    const noise = JSON.parse(await runInGroup(quota, WATCH)) as Noise;
    const throttled = noise.findings.find(({ what }) => what === 'throttled');
    return {
      passed: throttled?.level === 'red' && noise.badge === 'red',
      seen:
        throttled === undefined
          ? `nothing: the badge is ${noise.badge}`
          : `${noise.badge}: ${throttled.found} (control groups, version ${quota.version})`,
    };
  },
};
