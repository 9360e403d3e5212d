import { mkdir } from 'node:fs/promises';
import { builtInFile, loadBackend, loadStorage, loadWorkload } from '../../harness/modules.ts';
import { makePlan } from '../../harness/plan.ts';
import type { Plan } from '../../harness/results.ts';
import { runPlan } from '../../harness/run.ts';
import { openRunFiles } from '../../harness/run-files.ts';
import { parseSpec } from '../../harness/spec.ts';
import { DEFAULT_SUITE, overrule } from '../../harness/suite.ts';
import type { SelfCheck } from '../../harness/survival/self-check.ts';

const HOUR_MS = 3_600_000;
const MEASURED_SECONDS = 0.3;
/** When the clock of a trial's process is set back: after its start, and before it has measured. */
const STEPPED_AFTER_MS = 150;
/** Far more than the trial takes anywhere, and far less than the step. */
const DURATION_SECONDS_MAX = 1200;

/** Sets the wall clock of the driving process and of a trial's processes back by an hour during a trial, and checks its durations. */
export const clockCheck: SelfCheck = {
  name: 'a wall clock set back during a trial changes nothing',
  async run({ directory, signal }) {
    await mkdir(directory, { recursive: true });
    const suite = overrule(DEFAULT_SUITE, {
      profile: 'smoke',
      measures: ['throughput', 'checkpoint', 'recovery'],
      workloads: [parseSpec('synthetic:keys=200,ratePerSecond=2000,size=500ms')],
    });
    const modules = {
      backends: [await loadBackend(`${builtInFile('backend', 'canaries')}@plain`)],
      workloads: [await loadWorkload(suite.workloads[0]!)],
      storages: [await loadStorage('filesystem')],
    };
    const made = makePlan(suite, modules, { command: 'statebench selftest', startedAt: new Date(), leftOut: [] });
    const cells = made.cells.filter(({ cell }) => cell.role === 'candidate');
    const plan: Plan = {
      ...made.plan,
      twins: [],
      cells: cells.map(({ cell }) => cell),
      profile: { ...made.plan.profile, blocks: 1, warmUpSeconds: MEASURED_SECONDS / 3, measuredSeconds: MEASURED_SECONDS },
    };
    let isStepped = false;
    const options = process.env.NODE_OPTIONS;
    const preload = `(${replaceDate})(() => performance.now() > ${STEPPED_AFTER_MS}, ${HOUR_MS})`;
    process.env.NODE_OPTIONS = `${options ?? ''} --import=data:text/javascript,${encodeURIComponent(preload)}`;
    const restore = replaceDate(() => isStepped, HOUR_MS);
    try {
      await runPlan({
        plan,
        cells,
        outDirectory: directory,
        signal,
        onEvent: (event) => {
          if (event.type === 'progress' && event.phase === 'measure') isStepped = true;
        },
      });
    } finally {
      restore();
      if (options === undefined) delete process.env.NODE_OPTIONS;
      else process.env.NODE_OPTIONS = options;
    }
    if (!isStepped) return { passed: false, seen: 'no trial came to its measured part' };
    return judgeTrial(directory);
  },
};

/** Reads the trial back from the folder, as a report would. */
function judgeTrial(directory: string): { readonly passed: boolean; readonly seen: string } {
  using files = openRunFiles(directory);
  const [trial] = files.trials;
  if (trial === undefined) return { passed: false, seen: 'no trial was recorded' };
  if (trial.state === 'failed') return { passed: false, seen: `the trial failed: ${trial.message}` };
  const { durationSeconds, throughput, recovery, correctness } = trial;
  const recoveryMs = Object.values(recovery?.phases ?? {}).filter((ms) => ms !== undefined);
  const areDurations = [durationSeconds, throughput.measuredSeconds, ...recoveryMs.map((ms) => ms / 1000)].every(
    (seconds) => seconds >= 0 && seconds < DURATION_SECONDS_MAX,
  );
  const isRight = correctness.uninterrupted?.equal === true && correctness.recovered?.equal === true;
  return {
    passed: areDurations && recoveryMs.length > 0 && isRight && throughput.measuredSeconds <= durationSeconds,
    seen: `set back by an hour, the trial took ${durationSeconds.toFixed(1)} s, ${throughput.measuredSeconds.toFixed(2)} s of them measured; its rows are ${isRight ? 'right' : 'wrong'}`,
  };
}

/**
 * Replaces `Date` by one that is `byMs` behind once `isSet` says so. Its text is also run in other processes: it uses nothing from outside.
 * @returns a function that puts the original back
 */
function replaceDate(isSet: () => boolean, byMs: number): () => void {
  const original = globalThis.Date;
  globalThis.Date = class extends original {
    constructor(...parts: readonly unknown[]) {
      super(...((parts.length === 0 ? [original.now() - (isSet() ? byMs : 0)] : parts) as [number]));
    }
    static override now(): number {
      return original.now() - (isSet() ? byMs : 0);
    }
  } as DateConstructor;
  return () => {
    globalThis.Date = original;
  };
}
