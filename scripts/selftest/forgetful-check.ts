import { mkdir } from 'node:fs/promises';
import { builtInFile, loadBackend, loadStorage, loadWorkload } from '../../harness/modules.ts';
import { makePlan } from '../../harness/plan.ts';
import { runPlan } from '../../harness/run.ts';
import { parseSpec } from '../../harness/spec.ts';
import { DEFAULT_SUITE, overrule } from '../../harness/suite.ts';
import type { SelfCheck } from '../../harness/survival/self-check.ts';
import { summarise } from '../../reports/statistics/summary.ts';

/** Plants a backend that keeps nothing, and measures its throughput alone, in windows so long that none fires before the stream ends. */
export const forgetfulCheck: SelfCheck = {
  name: 'a backend that forgets everything is wrong, although no window fires while it is measured',
  async run({ directory, signal }) {
    await mkdir(directory, { recursive: true });
    const suite = overrule(DEFAULT_SUITE, {
      profile: 'smoke',
      measures: ['throughput'],
      workloads: [parseSpec('synthetic:keys=200,size=10h')],
    });
    const modules = {
      backends: [await loadBackend(`${builtInFile('backend', 'canaries')}@forgets:canary=forgets-everything`)],
      workloads: await Promise.all(suite.workloads.map((spec) => loadWorkload(spec))),
      storages: [await loadStorage('filesystem')],
    };
    const { plan, cells } = makePlan(suite, modules, { command: 'statebench selftest', startedAt: new Date(), leftOut: [] });
    const brief = { ...plan, profile: { ...plan.profile, measuredSeconds: 0.25 } };
    const { trials } = await runPlan({ plan: brief, cells, outDirectory: directory, onEvent: () => {}, signal });
    const cell = summarise(brief, trials).groups[0]?.candidates[0];
    const rows = cell?.comparedRows ?? 0;
    return {
      passed: cell?.standing === 'wrong' && rows > 0,
      seen: `${cell?.standing ?? 'not run'}, by ${rows} rows compared with the oracle`,
    };
  },
};
