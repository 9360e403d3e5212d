/** For tests: a whole run in a folder of its own, as the command has it, without a report. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { loadBackend, loadStorage, loadWorkload } from '../modules.ts';
import { makePlan } from '../plan.ts';
import type { Trial } from '../results.ts';
import { runPlan } from '../run.ts';
import type { RunEvent } from '../run-events.ts';
import { parseSpec } from '../spec.ts';
import { DEFAULT_SUITE, overrule, type Suite } from '../suite.ts';

/** The trials of a smoke run over flights-delays, or what `given` says; nothing of them may be left in the folder. */
export async function run(
  t: ExecutionContext,
  backends: readonly string[],
  given: Partial<Suite> = {},
  onEvent: (event: RunEvent) => void = () => {},
): Promise<readonly Trial[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'statebench-flink-run-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const suite = overrule(DEFAULT_SUITE, { profile: 'smoke', workloads: [parseSpec('flights-delays')], ...given });
  const modules = {
    backends: await Promise.all(backends.map((spec) => loadBackend(spec))),
    workloads: await Promise.all(suite.workloads.map(loadWorkload)),
    storages: await Promise.all(suite.storages.map(loadStorage)),
  };
  const { plan, cells } = makePlan(suite, modules, { command: 'test', startedAt: new Date(), leftOut: [] });
  const { trials } = await runPlan({ plan, cells, outDirectory: folder, onEvent, signal: new AbortController().signal });
  t.deepEqual(
    readdirSync(folder).filter((name) => name !== 'trials.ndjson' && name !== 'sizes.json'),
    [],
    'nothing of the trials is left',
  );
  return trials;
}

/** `PHASE, CODE: MESSAGE` of the first trial of flink. */
export function whyOf(trials: readonly Trial[]): string {
  const trial = trials.find(({ backend }) => backend.name.startsWith('flink'));
  return trial?.state === 'failed' ? `${trial.phase}, ${trial.code}: ${trial.message}` : 'it completed';
}
