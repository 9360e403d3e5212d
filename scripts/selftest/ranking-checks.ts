import { mkdir } from 'node:fs/promises';
import { builtInFile, loadBackend, loadStorage, loadWorkload } from '../../harness/modules.ts';
import { makePlan } from '../../harness/plan.ts';
import type { Plan, Trial } from '../../harness/results.ts';
import { runPlan } from '../../harness/run.ts';
import { parseSpec } from '../../harness/spec.ts';
import { DEFAULT_SUITE, overrule } from '../../harness/suite.ts';
import type { SelfCheck, SelfCheckRequest } from '../../harness/survival/self-check.ts';
import { type CellSummary, summarise } from '../../reports/statistics/summary.ts';

const FEWEST_BLOCKS = 10;
const MOST_BLOCKS = 30;
const MEASURED_SECONDS = 0.8;
/** Of its rate. */
const SLOWED = 0.1;
const PLAIN = 'canaries@plain';
const SLOWER = 'canaries@slower';

/** Plants a backend a tenth slower than another, and looks whether the verdict is that. */
export const slowerCheck: SelfCheck = {
  name: 'a backend that is 10 % slower is told to be slower',
  async run(request) {
    const { plan, trials } = await plantedRun(request);
    const verdict = verdictOf(plan, trials);
    const { ratio } = verdict ?? { ratio: null };
    const range = ratio?.interval ? `, interval ${ratio.interval.low.toFixed(3)} to ${ratio.interval.high.toFixed(3)}` : '';
    const red = trials.filter((trial) => trial.state === 'completed' && trial.noise?.badge === 'red').length;
    const noise = red === 0 ? '' : `; the machine was noisy in ${red} of ${trials.length} trials: end what else runs and try again`;
    const seen = `${verdict?.verdict.word ?? 'no verdict'}: ratio ${ratio?.ratio.toFixed(3) ?? 'unknown'}${range}, from ${ratio?.n ?? 0} blocks`;
    return { passed: verdict?.verdict.word === 'slower', seen: verdict?.verdict.word === 'slower' ? seen : seen + noise };
  },
};

/** Plants a backend of a weaker durability class than is asked for, and looks whether it gets no place. */
export const durabilityCheck: SelfCheck = {
  name: 'a backend of the wrong durability class is refused a place in the ranking',
  async run(request) {
    const { plan, trials } = await plantedRun({ ...request, blocks: 3 });
    const { groups } = summarise(plan, trials, 'process-crash');
    const cells = new Map(groups.flatMap(({ candidates }) => candidates.map((cell) => [cell.cell.backend.name, cell] as const)));
    const [weak, strong] = [cells.get(PLAIN), cells.get(SLOWER)];
    const isThere = (cell: CellSummary | undefined) => cell?.standing === 'correct' && cell.metrics.eventsPerSecond !== null;
    const passed = isThere(weak) && isThere(strong) && weak!.tier === null && strong!.tier === 1 && strong!.againstReference === null;
    const place = (cell: CellSummary | undefined) => (cell?.tier == null ? 'no place' : `tier ${cell.tier}`);
    return { passed, seen: `where a process's crash has to be survived, the volatile one gets ${place(weak)}, the other ${place(strong)}` };
  },
};

/** The plain backend, and it once more: a tenth slower, and of a stronger class. */
async function plantedRun({ directory, signal, blocks = MOST_BLOCKS }: SelfCheckRequest & { readonly blocks?: number }) {
  await mkdir(directory, { recursive: true });
  const suite = overrule(DEFAULT_SUITE, {
    profile: 'standard',
    measures: ['throughput'],
    reference: PLAIN,
    workloads: [parseSpec('synthetic:keys=200,ratePerSecond=2000,size=500ms')],
  });
  const file = builtInFile('backend', 'canaries');
  const modules = {
    backends: await Promise.all(
      [`${file}@plain`, `${file}@slower:slowed=${SLOWED},durability=process-crash`].map((spec) => loadBackend(spec)),
    ),
    workloads: await Promise.all(suite.workloads.map((spec) => loadWorkload(spec))),
    storages: [await loadStorage('filesystem')],
  };
  const made = makePlan(suite, modules, { command: 'statebench selftest', startedAt: new Date(), leftOut: [] });
  const cells = made.cells.filter(({ cell }) => [PLAIN, SLOWER].includes(cell.backend.name));
  const { choosesTwinOnDisk: _, ...withoutTwin } = made.plan;
  // How much slower the one is, is known: no A/A has to show what this run may decide.
  const plan: Plan = {
    ...withoutTwin,
    twins: [],
    cells: cells.map(({ cell }) => cell),
    profile: { ...made.plan.profile, smallestEffect: 0.05, blocks, warmUpSeconds: MEASURED_SECONDS / 3, measuredSeconds: MEASURED_SECONDS },
  };
  const isEnough = (trials: readonly Trial[]) => {
    const blocksDone = new Set(trials.map(({ block }) => block)).size;
    const word = verdictOf(plan, trials)?.verdict.word;
    return blocksDone >= FEWEST_BLOCKS && word !== undefined && word !== 'unresolved';
  };
  const { trials } = await runPlan({ plan, cells, outDirectory: directory, isEnough, onEvent: () => {}, signal });
  return { plan, trials };
}

function verdictOf(plan: Plan, trials: readonly Trial[]) {
  return summarise(plan, trials).groups[0]?.candidates.find(({ cell }) => cell.backend.name === SLOWER)?.againstReference;
}
