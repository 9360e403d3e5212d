import { mkdir } from 'node:fs/promises';
import { builtInFile, loadBackend, loadStorage, loadWorkload } from '../../harness/modules.ts';
import { makePlan } from '../../harness/plan.ts';
import type { Plan, Trial } from '../../harness/results.ts';
import { runPlan } from '../../harness/run.ts';
import { parseSpec } from '../../harness/spec.ts';
import { DEFAULT_SUITE, overrule } from '../../harness/suite.ts';
import type { SelfCheck, SelfCheckRequest } from '../../harness/survival/self-check.ts';
import { answerRecovery, type MeasuredRecovery } from '../../reports/recovery-model.ts';

const NAMES = ['canaries@early', 'canaries@late'];
const BLOCKS = 3;
const MEASURED_SECONDS = 0.3;
const BATCH_SIZE = 100;
/** One micro-batch of the shortest stream that a trial may have, whose interval is 951 events. */
const SAME = BATCH_SIZE / 951;

/** Runs one backend under two names and looks whether both die at the same place in every block, and whether that place decides. */
export const killPlaceCheck: SelfCheck = {
  name: 'two equal backends are not told apart by where the kill falls',
  async run(request) {
    const trials = await killedRun(request);
    const failed = trials.find((trial) => trial.state === 'failed');
    if (failed?.state === 'failed') return { passed: false, seen: `a trial failed: ${failed.message}` };
    const fractions = NAMES.map((name) => fractionsOf(trials, name));
    const problem = placeProblem(fractions);
    if (problem !== null) return { passed: false, seen: problem };
    if (!isBlindToPlace()) return { passed: false, seen: 'the prediction depends on where the kill fell' };
    return {
      passed: true,
      seen: `both were killed at ${fractions[0]!.map((one) => one.toFixed(2)).join(', ')} of the checkpoint interval`,
    };
  },
};

/** What is wrong with the places at which two backends were killed, by block; null if nothing is. */
export function placeProblem([one, other]: readonly (readonly number[])[]): string | null {
  if (one === undefined || other === undefined || one.length !== BLOCKS || other.length !== BLOCKS)
    return 'not every block recorded where its kill fell';
  const differing = one.findIndex((fraction, i) => Math.abs(fraction - other[i]!) > SAME);
  if (differing >= 0)
    return `block ${differing + 1} killed them at ${one[differing]!.toFixed(2)} and ${other[differing]!.toFixed(2)} of the checkpoint interval`;
  const strata = new Set(one.map((fraction) => Math.floor(fraction * BLOCKS + SAME / 2)));
  return strata.size === BLOCKS
    ? null
    : `the kills at ${one.map((fraction) => fraction.toFixed(2)).join(', ')} leave a part of the checkpoint interval out`;
}

function fractionsOf(trials: readonly Trial[], name: string): readonly number[] {
  return trials
    .filter((trial) => trial.backend.name === name)
    .toSorted((a, b) => a.block - b.block)
    .flatMap((trial) => (trial.state === 'completed' ? (trial.recovery?.killFraction ?? []) : []));
}

/** The old accident: one store always killed early and its equal always late have different totals, and the same prediction. */
function isBlindToPlace(): boolean {
  const killedAt = (fraction: number): readonly MeasuredRecovery[] =>
    Array.from({ length: BLOCKS }, (_, i) => {
      const replayMs = 1000 * (fraction + i / 100);
      return { block: i + 1, restoreMs: 200, replayedEvents: 100 * replayMs, replayMs, detectionMs: 0, persistMs: 50 };
    });
  const [early, late] = [0.1, 0.9].map((fraction) => answerRecovery(killedAt(fraction), BLOCKS, { intervalMs: 60_000, inputRate: 50_000 }));
  return early?.kind === 'predicted' && late?.kind === 'predicted' && Math.abs(early.worstMs / late.worstMs - 1) < 1e-6;
}

async function killedRun({ directory, signal }: SelfCheckRequest): Promise<readonly Trial[]> {
  await mkdir(directory, { recursive: true });
  const suite = overrule(DEFAULT_SUITE, {
    profile: 'smoke',
    measures: ['throughput', 'recovery'],
    reference: NAMES[0]!,
    batchSizes: [BATCH_SIZE],
    workloads: [parseSpec('synthetic:keys=200,ratePerSecond=2000,size=500ms')],
  });
  const file = builtInFile('backend', 'canaries');
  const modules = {
    backends: await Promise.all([`${file}@early`, `${file}@late`].map((spec) => loadBackend(spec))),
    workloads: await Promise.all(suite.workloads.map((spec) => loadWorkload(spec))),
    storages: [await loadStorage('filesystem')],
  };
  const made = makePlan(suite, modules, { command: 'statebench selftest', startedAt: new Date(), leftOut: [] });
  const cells = made.cells.filter(({ cell }) => NAMES.includes(cell.backend.name));
  const plan: Plan = {
    ...made.plan,
    twins: [],
    cells: cells.map(({ cell }) => cell),
    profile: { ...made.plan.profile, blocks: BLOCKS, warmUpSeconds: MEASURED_SECONDS / 3, measuredSeconds: MEASURED_SECONDS },
  };
  const { trials } = await runPlan({ plan, cells, outDirectory: directory, onEvent: () => {}, signal });
  // A trial that the machine disturbed is repeated: the last one of a block counts.
  const last = new Map(trials.map((trial) => [`${trial.cell} ${trial.block}`, trial]));
  return [...last.values()];
}
