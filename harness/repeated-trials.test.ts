// Proves on a real backend that a run which was interrupted before a disturbed trial was repeated does that when it goes on, also in its
// last block and where enough seemed to be known; and that trials of a cell whose throughput still fell are made three times as long, with
// the right output there too, and from then on.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadBackend, loadStorage, loadWorkload } from './modules.ts';
import { makePlan } from './plan.ts';
import type { CompletedTrial, Plan } from './results.ts';
import { runPlan } from './run.ts';
import type { RunEvent } from './run-events.ts';
import { parseSpec } from './spec.ts';
import { DEFAULT_SUITE, overrule } from './suite.ts';

const CELL = 'memory/synthetic/filesystem/1000';
/** So that a trial of many seconds takes none: its events are those of a cell as slow as this. */
const EVENTS_PER_SECOND = 400;

async function prepare(t: ExecutionContext, profile: Partial<Plan['profile']>) {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-repeated-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const suite = overrule(DEFAULT_SUITE, {
    profile: 'quick',
    measures: ['throughput'],
    workloads: [parseSpec('synthetic:keys=300,ratePerSecond=3000')],
  });
  const modules = {
    backends: [await loadBackend('memory')],
    workloads: [await loadWorkload(suite.workloads[0]!)],
    storages: [await loadStorage('filesystem')],
  };
  const made = makePlan(suite, modules, { command: 'test', startedAt: new Date(), leftOut: [] });
  // The twin (A/A) has trials of its own, which are of no interest here.
  const cells = made.cells.filter(({ cell }) => cell.id === CELL);
  const plan = { ...made.plan, twins: [], cells: cells.map(({ cell }) => cell), profile: { ...made.plan.profile, ...profile } };
  await writeFile(join(directory, 'sizes.json'), JSON.stringify({ schema: 1, eventsPerSecond: { [CELL]: EVENTS_PER_SECOND } }));
  const file = join(directory, 'trials.ndjson');
  const trials = async () =>
    (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as CompletedTrial);
  const events: RunEvent[] = [];
  return {
    trials,
    events,
    /** Goes on with what is there. @returns ids of the trials in the end */
    async run(isEnough: (block: number) => boolean = () => false) {
      const done = await runPlan({
        plan,
        cells,
        outDirectory: directory,
        isEnough: (_, block) => isEnough(block),
        onEvent: (event) => events.push(event),
        signal: new AbortController().signal,
      });
      return done.trials.map(({ id }) => id);
    },
    /** Keeps the first trials alone, as if the run had been killed there, the last of them as told. */
    async killedAfter(count: number, change: (trial: CompletedTrial) => CompletedTrial) {
      const kept = (await trials()).slice(0, count).map((trial, i) => ({
        ...(i === count - 1 ? change(trial) : trial),
      }));
      await writeFile(file, kept.map((trial) => `${JSON.stringify(trial)}\n`).join(''));
    },
  };
}

/** Whatever this machine was like. */
const withBadge = (trial: CompletedTrial, badge: 'green' | 'red') => ({ ...trial, noise: { ...trial.noise!, badge, findings: [] } });

test('a run that was killed before the repetition of a disturbed trial does it, and no more', async (t) => {
  const run = await prepare(t, { blocks: 2 });
  await run.run();
  await run.killedAfter(1, (trial) => withBadge(trial, 'green'));
  await run.run((block) => block === 1);
  t.is((await run.trials()).length, 1, 'what was enough stays enough');
  await run.killedAfter(1, (trial) => withBadge(trial, 'red'));
  await run.run((block) => block === 1);
  const [first, second, ...more] = await run.trials();
  t.deepEqual([first?.id, second?.id, more.length], [`${CELL}#1`, `${CELL}#1.2`, 0], 'enough is asked for when the block is whole');
  t.is(second?.supersedes, first?.id);
  t.true(second?.correctness.uninterrupted?.equal);
  t.is(second?.throughput.basis, 'whole');
});

test('a throughput that still falls: trials three times as long, from the first block on', async (t) => {
  const run = await prepare(t, { blocks: 2, measuredSeconds: 10 });
  await run.run();
  const usual = (await run.trials())[0]!;
  t.is(usual.throughput.basis, 'steady');
  const perSecond = Array.from({ length: 10 }, (_, second) => 500 - 20 * second);
  await run.killedAfter(1, (trial) => ({ ...withBadge(trial, 'green'), throughput: { ...trial.throughput, perSecond } }));
  await run.run();
  const counting = (await run.trials()).filter(({ throughput }) => throughput.basis === 'extended');
  t.deepEqual(counting[0] && { id: counting[0].id, supersedes: counting[0].supersedes }, { id: `${CELL}#1.2`, supersedes: `${CELL}#1` });
  t.true(counting.some(({ block }) => block === 2));
  for (const { events, correctness } of counting) {
    t.is(events.measured, usual.events.measured);
    t.is(events.warmUp, usual.events.warmUp + 2 * usual.events.measured, 'what fell is warm-up');
    t.true(correctness.uninterrupted?.equal);
  }
  t.true(run.events.some((event) => event.type === 'extended' && event.cell === CELL && event.measuredSeconds === 30));
  const before = (await run.trials()).length;
  await run.run();
  t.is((await run.trials()).length, before, 'nothing is left to do');
});
