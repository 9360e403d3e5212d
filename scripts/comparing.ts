/** What `compare` and `run --baseline` share: says what two runs have to say of each other, and what to exit with. */
import path from 'node:path';
import { EXIT, type ExitCode, StatebenchError } from '../harness/errors.ts';
import type { Plan } from '../harness/results.ts';
import { compareRuns, type RunComparison } from '../reports/comparison/compare-runs.ts';
import { comparisonTable } from '../reports/comparison/comparison-table.ts';
import { renderComparison } from '../reports/comparison/comparison-terminal.ts';
import { type Gate, parseGate } from '../reports/comparison/gate.ts';
import { terminalOptions } from '../reports/terminal.ts';
import { checkBaselineName, readRun } from './baselines.ts';
import { say } from './console.ts';
import { writeResult } from './results-folder.ts';
import { tableForm } from './table-form.ts';

export interface GateFlags {
  readonly failOn?: readonly string[];
  readonly strict?: boolean;
}

/** @throws ResultsError `bad-gate` */
export function gatesOf({ failOn = [] }: GateFlags): readonly Gate[] {
  return failOn.map(parseGate);
}

export function sayComparison(compared: RunComparison): void {
  say(renderComparison(compared, terminalOptions(process.env, process.stderr.columns, process.stderr.isTTY === true)).trimEnd());
}

/** Name of the page in the folder of a run that was compared with a baseline. */
export const COMPARISON = 'comparison.html';
const PAGE = '.html';

/**
 * What writes a comparison to `files`, each as its name ends: a page or a table.
 * @throws StatebenchError `bad-command-line` before anything is read, if a name ends in neither
 */
export function comparisonWriter(files: readonly string[]): (compared: RunComparison) => Promise<void> {
  const forms = files.map((file) => ({ file, form: path.extname(file) === PAGE ? null : tableForm(file, [PAGE]) }));
  return async (compared) => {
    for (const { file, form } of forms) {
      // What draws charts takes longer to load than all the rest.
      const text =
        form === null
          ? await (await import('../reports/comparison/comparison-page.ts')).renderComparisonPage(compared)
          : form(comparisonTable(compared));
      writeResult(file, text);
      say(`written to ${file}`);
    }
  };
}

/**
 * 4 where a gate failed; 3 where a backend that finished with the right output in A did not in B; under `strict` 5 where a run is too
 * noisy or too short to tell: its reference measured twice came out different, half of its trials or more are red, a gate is undecided, or
 * without gates a throughput is.
 */
export function comparisonExit({ gates, groups, a, b }: RunComparison, { strict = false }: GateFlags): ExitCode {
  if (gates.some(({ state }) => state === 'failed')) return EXIT.gateFailed;
  const cells = groups.flatMap((group) => group.cells).filter(({ role }) => role === 'candidate');
  if (cells.some(({ standing }) => standing.a === 'correct' && standing.b !== 'correct')) return EXIT.backendFailed;
  if (!strict) return EXIT.ok;
  const isUnsteady = [a, b].some(({ sameTwice }) => sameTwice.some(({ verdict: { word } }) => word === 'faster' || word === 'slower'));
  const isNoisy = [a, b].some(({ noise: { quiet, amber, red } }) => red > 0 && red >= quiet + amber);
  const words = cells.map(({ values }) => values.find(({ metric }) => metric === 'throughput')?.verdict.word ?? 'insufficient');
  const isOpen =
    gates.length > 0
      ? gates.some(({ state }) => state !== 'passed')
      : words.some((word) => word === 'unresolved' || word === 'insufficient');
  return isUnsteady || isNoisy || isOpen ? EXIT.tooNoisy : EXIT.ok;
}

export interface BaselineFlags extends GateFlags {
  readonly baseline?: string;
  readonly saveBaseline?: string;
}

/** What a run is compared with when it has ended. */
export interface Baseline {
  /** Refuses before hours are spent what would be refused afterwards. @throws ResultsError `cannot-compare` */
  check(plan: Plan): void;
  /** @param code what the run by itself exits with @returns what to exit with */
  compare(folder: string, code: ExitCode): Promise<ExitCode>;
}

/**
 * Reads and checks the flags of `run` that have to do with baselines; null where none is named to compare with.
 * @throws StatebenchError `bad-value`; ResultsError of the baseline or a gate
 */
export async function baselineOf(flags: BaselineFlags): Promise<Baseline | null> {
  const gates = gatesOf(flags);
  if (flags.saveBaseline !== undefined) checkBaselineName(flags.saveBaseline);
  if (flags.baseline === undefined) {
    const alone = gates.length > 0 ? '--fail-on' : flags.strict ? '--strict' : null;
    if (alone !== null) throw new StatebenchError('bad-command-line', `${alone} needs --baseline: what the run is compared with`);
    return null;
  }
  const a = await readRun(flags.baseline, 'A');
  const { environment } = a.results;
  return {
    check: (plan) => {
      const planned = { name: 'this run', results: { plan, environment, trials: [], tornLines: 0 } };
      compareRuns(a, planned, { gates, forceMixed: false });
    },
    compare: async (folder, code) => {
      const b = await readRun(path.relative('', folder) || '.', 'B');
      const compared = compareRuns(a, b, { gates, forceMixed: false });
      say('');
      sayComparison(compared);
      await comparisonWriter([path.join(folder, COMPARISON)])(compared);
      const gated = comparisonExit(compared, flags);
      return gated === EXIT.gateFailed || code === EXIT.ok ? gated : code;
    },
  };
}
