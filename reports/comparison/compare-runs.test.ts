// Proves what a comparison of two runs says and refuses: planted changes are found and nothing else, what cannot be compared is refused
// with the difference named, what differs beside the figures stands first, and hostile text stays text.
import test, { type ExecutionContext } from 'ava';
import type { CompletedTrial, Noise, Plan, Trial } from '../../harness/results.ts';
import { inventResults, PROFILES, USUAL, type Wanted } from '../fixtures.ts';
import { HOSTILE } from '../hostile-text.ts';
import { isPartial, type Results } from '../read-results.ts';
import { ResultsError } from '../results-error.ts';
import { displayWidth } from '../terminal.ts';
import { type CompareRequest, compareRuns, type RunComparison } from './compare-runs.ts';
import { comparisonTable } from './comparison-table.ts';
import { renderComparison } from './comparison-terminal.ts';
import { gateState, parseGate } from './gate.ts';

const SOUND: Wanted = { ...USUAL, backends: 4, failing: [], wrong: [], leftOut: [], noise: 0.01 };

/** A run of the same plan at another time: other noise, the same seed of events. */
function run(seed: number, wanted: Partial<Wanted> = {}): Results {
  const results = inventResults({ ...SOUND, ...wanted, seed });
  return { ...results, plan: { ...results.plan, seed: 1, startedAt: `2026-11-${10 + (seed % 20)}T00:00:00.000Z` } };
}

const changed = (results: Results, change: (trial: CompletedTrial) => Trial): Results => ({
  ...results,
  trials: results.trials.map((trial) => (trial.state === 'completed' ? change(trial) : trial)),
});

const slowed = (results: Results, backend: string, factor: number): Results =>
  changed(results, (trial) =>
    trial.backend.name === backend
      ? { ...trial, throughput: { ...trial.throughput, eventsPerSecond: trial.throughput.eventsPerSecond * factor } }
      : trial,
  );

const withPlan = (results: Results, change: (plan: Plan) => Partial<Plan>): Results => ({
  ...results,
  plan: { ...results.plan, ...change(results.plan) },
});

const compare = (a: Results, b: Results, request: Partial<CompareRequest> = {}): RunComparison =>
  compareRuns({ name: 'before', results: a }, { name: 'after', results: b }, { gates: [], forceMixed: false, ...request });

const verdicts = (compared: RunComparison, metric = 'throughput') =>
  Object.fromEntries(
    compared.groups.flatMap(({ cells }) =>
      cells.map(({ backend, values }) => [backend, values.find((value) => value.metric === metric)?.verdict.word]),
    ),
  );

const terminal = { columns: 120, color: false, unicode: true };

/** Blocks whose drift is the same in both runs are not what a run is: the drift of the fixtures is large. */
const A = run(1);

test('a planted change is found, and gates fail only where the whole interval lies beyond', (t) => {
  const gates = ['throughput<-5%', 'throughput<-40%', 'throughput<-30%'].map(parseGate);
  const compared = compare(A, slowed(A, 'lmdb', 0.7), { gates });
  t.is(verdicts(compared).lmdb, 'slower');
  t.is(verdicts(compare(slowed(A, 'lmdb', 0.7), A)).lmdb, 'faster');
  t.notDeepEqual([verdicts(compared).memory], ['slower']);
  const states = Object.fromEntries(compared.gates.filter(({ backend }) => backend === 'lmdb').map(({ gate, state }) => [gate, state]));
  t.deepEqual(states, { 'throughput<-5%': 'failed', 'throughput<-40%': 'passed', 'throughput<-30%': 'undecided' });
  t.true(compared.gates.filter(({ backend }) => backend !== 'lmdb').every(({ state }) => state !== 'failed'));
  t.false(
    compared.gates.some(({ backend }) => backend === 'null'),
    'the null backend is under no gate',
  );
});

test('a gate by its interval', (t) => {
  const gate = parseGate('p99>10%');
  t.is(gateState(gate, { low: 1.11, high: 1.2 }), 'failed');
  t.is(gateState(gate, { low: 1.09, high: 1.2 }), 'undecided');
  t.is(gateState(gate, { low: 0.9, high: 1.1 }), 'passed');
  t.is(gateState(gate, null), 'undecided');
  for (const [text, message] of [
    ['throughput', /takes METRIC<-PERCENT%.*in quotes/],
    ['throughput<-5', /takes METRIC/],
    ['thruput<-5%', /no metric 'thruput'.*throughput, sustained/],
    ['throughput<-100%', /nothing can lose/],
    ['throughput>-5%', /fails a run that is the same or better; did you mean 'throughput<-5%'/],
    ['p99<10%', /did you mean 'p99>10%'/],
  ] as const) {
    const error = t.throws(() => parseGate(text), { instanceOf: ResultsError });
    t.is(error?.code, 'bad-gate');
    t.regex(error?.message ?? '', message);
  }
  t.is(parseGate(' p99.9 > 12.5% ').limit, 0.125);
});

test('a gate on latency is not measured where there is only the service time of a closed loop', (t) => {
  const closed = (results: Results) => changed(results, (trial) => ({ ...trial, latency: null }));
  const gates = [parseGate('p99>10%')];
  const judged = (a: Results, b: Results) => [
    ...new Set(compare(a, b, { gates }).gates.map(({ metric, state }) => (state === 'not-measured' ? state : metric))),
  ];
  t.deepEqual(judged(A, run(2)), ['p99']);
  t.deepEqual(judged(closed(A), run(2)), ['not-measured']);
  t.regex(
    renderComparison(compare(closed(A), closed(run(2)), { gates }), terminal),
    /not measured.*p99>10%|p99>10%[^\n]*\n?.*not measured/,
  );
});

test('a run with itself: nothing changes, nothing is found, and it is said', (t) => {
  const compared = compare(A, A, { gates: [parseGate('throughput<-5%'), parseGate('p99>10%')] });
  t.true(compared.isSameRun);
  t.deepEqual(compared.differences, []);
  const values = compared.groups.flatMap(({ cells }) => cells.flatMap((cell) => cell.values));
  t.true(values.length > 30);
  for (const { ratio, verdict } of values) {
    t.true(ratio === null || Math.abs(ratio.ratio - 1) < 1e-12);
    t.false(['faster', 'slower'].includes(verdict.word));
  }
  t.true(compared.gates.every(({ state }) => state !== 'failed'));
  t.regex(renderComparison(compared, terminal), /A and B are the same run: every change is 0[\s\S]*Nothing but the figures differs/);
});

test('other sets of backends: what both have is compared, the rest is named; nothing in common is refused', (t) => {
  const only = (results: Results, names: readonly string[]): Results => ({
    ...withPlan(results, ({ cells }) => ({ cells: cells.filter(({ backend }) => names.includes(backend.name)) })),
    trials: results.trials.filter(({ backend }) => names.includes(backend.name)),
  });
  const compared = compare(only(A, ['memory', 'lmdb']), only(run(2), ['lmdb', 'level']));
  t.deepEqual(Object.keys(verdicts(compared)), ['lmdb']);
  t.deepEqual(compared.only, { a: ['memory/flights-delays/filesystem/1024'], b: ['level/flights-delays/filesystem/1024'] });
  refused(t, () => compare(only(A, ['memory']), only(run(2), ['level'])), /no backend \(memory in A, level in B\) in common/);
  refused(t, () => compare(A, run(2, { batchSizes: [1] })), /no batch size \(1024 in A, 1 in B\)/);
  refused(t, () => compare(A, run(2, { workloads: ['synthetic'] })), /no workload \(flights-delays in A, synthetic in B\)/);
});

function refused(t: ExecutionContext, comparing: () => unknown, message: RegExp): void {
  const error = t.throws(comparing, { instanceOf: ResultsError });
  t.is(error?.code, 'cannot-compare');
  t.regex(error?.message ?? '', message);
}

test('another workload, seed or durability is refused by name, and shown under a banner where forced', (t) => {
  const other = run(2);
  const cases: readonly (readonly [Results, RegExp])[] = [
    [run(2, { keys: [500] }), /workload flights-delays: keys \(331 in A, 500 in B\)/],
    [withPlan(other, () => ({ seed: 9 })), /seed \(1 in A, 9 in B\)/],
    [
      withPlan(other, ({ cells }) => ({
        cells: cells.map((cell) =>
          cell.backend.name === 'lmdb' ? { ...cell, backend: { ...cell.backend, durability: 'os-crash' as const } } : cell,
        ),
      })),
      /backend lmdb: durability of the working state \(process-crash in A, os-crash in B\)/,
    ],
  ];
  for (const [b, message] of cases) {
    refused(t, () => compare(A, b), message);
    const forced = compare(A, b, { forceMixed: true });
    t.true(forced.isMixed);
    t.regex(renderComparison(forced, terminal), /! MIXED: compared by force/);
  }
  t.false(compare(A, other).isMixed);
});

test('what differs beside the figures is told first', (t) => {
  const b = run(2);
  const other = changed(
    {
      ...b,
      environment: { ...b.environment, kernel: '6.9.1', statebench: '0.2.0', fsyncMs: 4, memoryBytes: b.environment.memoryBytes * 1.01 },
    },
    (trial) =>
      trial.backend.name === 'lmdb' ? { ...trial, backend: { ...trial.backend, settings: { mapBytes: 1, extra: true } } } : trial,
  );
  const compared = compare(A, other);
  const told = compared.differences.filter(({ of }) => of !== 'work').map(({ of, what, a, b: is }) => `${of} ${what} ${a} ${is}`);
  t.deepEqual(told, [
    'version statebench 0.1.0 0.2.0',
    'environment kernel 6.8.0 6.9.1',
    'environment fsyncMs 0.08 4',
    'settings backend lmdb: extra none true',
    'settings backend lmdb: mapBytes 1,073,741,824 1',
    'settings backend lmdb: noSync true none',
  ]);
  const text = renderComparison(compared, terminal);
  t.true(text.indexOf('kernel') > 0 && text.indexOf('kernel') < text.indexOf('Throughput'));
});

test('a backend that failed or was wrong in either run is not compared, and said why', (t) => {
  const compared = compare(run(1, { wrong: ['level'] }), run(2, { failing: ['lmdb'] }), { gates: [parseGate('throughput<-5%')] });
  const cell = (name: string) => compared.groups[0]!.cells.find(({ backend }) => backend === name)!;
  t.deepEqual([cell('lmdb').standing, cell('lmdb').values], [{ a: 'correct', b: 'failed' }, []]);
  t.deepEqual([cell('level').standing, cell('level').values], [{ a: 'wrong', b: 'correct' }, []]);
  t.deepEqual(
    compared.gates.filter(({ state }) => state === 'not-measured').map(({ backend }) => backend),
    ['lmdb', 'level'],
  );
  const text = renderComparison(compared, terminal);
  t.regex(text, /lmdb: not compared: right in A, failed in B \(checkpoint: the trial process died by SIGBUS/);
  t.regex(text, /level: not compared: wrong output in A, right in B/);
  const { columns, rows } = comparisonTable(compared);
  const column = (key: string) => columns.findIndex((one) => one.key === key);
  t.deepEqual(
    rows.filter((row) => String(row[column('gates')]).includes('not-measured')).map((row) => row[column('backend')]),
    ['lmdb', 'level'],
    'exported too',
  );
});

test('settings are those of the workload that both have: a store may have others for another', (t) => {
  const two = run(1, { workloads: ['a', 'b'] });
  const sized = changed(two, (trial) => ({
    ...trial,
    backend: { ...trial.backend, settings: { ...trial.backend.settings, cacheBytes: trial.workload.name === 'a' ? 1 : 2 } },
  }));
  const onlyA = { ...sized, plan: { ...sized.plan, cells: sized.plan.cells.filter(({ workload }) => workload.name === 'a') } };
  const b = { ...onlyA, trials: sized.trials.filter(({ workload }) => workload.name === 'a') };
  t.deepEqual(
    compare(sized, b).differences.filter(({ of }) => of === 'settings'),
    [],
  );
});

test('where calibration gave trials other events, what those decide is not judged', (t) => {
  const doubled = (trial: CompletedTrial) => ({
    ...trial,
    checkpoints: trial.checkpoints.map((checkpoint) => ({ ...checkpoint, persistMs: 2 * checkpoint.persistMs })),
  });
  const same = compare(A, changed(A, doubled));
  t.is(verdicts(same, 'persist').memory, 'slower');
  const other = compare(
    A,
    changed(A, (trial) => ({ ...doubled(trial), events: { ...trial.events, measured: 2 * trial.events.measured } })),
  );
  t.is(verdicts(other, 'persist').memory, 'insufficient');
  t.not(verdicts(other).memory, 'insufficient', 'throughput is');
  t.regex(
    renderComparison(other, terminal).replace(/\s+/g, ' '),
    /events measured a trial: .*; persisting, bytes of checkpoints, .* are not judged there/,
  );
});

test('one block decides nothing', (t) => {
  const compared = compare(run(1, { profile: PROFILES.smoke }), slowed(run(2, { profile: PROFILES.smoke }), 'lmdb', 0.1), {
    gates: [parseGate('throughput<-5%')],
  });
  t.true(Object.values(verdicts(compared)).every((word) => word === 'insufficient'));
  t.true(compared.gates.every(({ state }) => state === 'undecided'));
  t.regex(renderComparison(compared, terminal), /no interval +\. insufficient \(1 block\)/);
});

test('of two profiles the coarser decides', (t) => {
  const b = slowed(run(2), 'lmdb', 0.85);
  t.is(verdicts(compare(run(1, { noise: 0 }), b)).lmdb, 'slower');
  const coarse = compare(run(1, { profile: PROFILES.quick, noise: 0 }), b);
  t.is(verdicts(coarse).lmdb, 'unresolved');
  t.true(coarse.differences.some(({ what, a, b: is }) => what === 'profile' && a === 'quick' && is === 'standard'));
});

test('a partial run is compared as far as it goes, under a banner', (t) => {
  const b = run(2);
  const cut = { ...b, trials: b.trials.slice(0, 22) };
  t.true(isPartial(cut));
  const compared = compare(A, cut);
  t.deepEqual(compared.b.trials, { finished: 22, planned: 50 });
  t.regex(renderComparison(compared, terminal), /! B is partial: 22 of 50 trials are finished/);
  const none = compare(A, { ...b, trials: [] });
  t.true(none.groups[0]!.cells.every(({ standing, values }) => standing.b === 'missing' && values.length === 0));
});

test('sizes are less or more, and a moved null backend or an unsteady A/A is an alarm', (t) => {
  const heavier = changed(run(2), (trial) => ({ ...trial, memory: { ...trial.memory, rssBytesMax: (trial.memory.rssBytesMax ?? 0) * 2 } }));
  t.regex(renderComparison(compare(A, heavier), terminal), /Resident memory at most[\s\S]*- more/);
  t.regex(renderComparison(compare(A, slowed(run(2), 'null', 0.5)), terminal), /! The null backend, which stores nothing, came out slower/);
  const twin = slowed(run(2, { backends: 12 }), 'memory@again', 0.5);
  const text = renderComparison(compare(run(1, { backends: 12 }), twin), terminal);
  t.regex(text, /! B: memory@again\/\S+ is the reference measured twice and came out\s+slower/);
  t.false(Object.keys(verdicts(compare(twin, twin))).includes('memory@again'), 'a twin is compared with nothing');
});

test('the terminal is never wider than it is, and says the same however wide', (t) => {
  const compared = compare(run(1, { backends: 12 }), slowed(run(2, { backends: 12 }), 'lmdb', 0.5), {
    gates: [parseGate('throughput<-5%')],
  });
  for (const columns of [60, 80, 100, 120]) {
    const text = renderComparison(compared, { ...terminal, columns });
    for (const line of text.split('\n')) t.true(displayWidth(line) <= columns, `${columns}: ${line}`);
    t.regex(text, /^ {2}lmdb .*(\n {3})? - slower/m, `${columns}`);
  }
});

const RED = {
  badge: 'red',
  findings: [],
  spinBeforeMs: 1,
  spinAfterMs: 2,
  spinMedianMs: 1,
  stealShare: null,
  othersShare: null,
  swappedPages: null,
  majorFaults: null,
  supervisorShare: 0,
  unavailable: {},
} as const satisfies Noise;

test('a machine that was noisy is told', (t) => {
  const noisy = changed(run(2), (trial) => (trial.block > 3 ? trial : { ...trial, noise: { ...RED, findings: [] } }));
  const compared = compare(A, noisy);
  t.deepEqual(compared.b.noise, { quiet: 28, amber: 0, red: 12 }, 'of four candidates in ten blocks');
  t.regex(renderComparison(compared, terminal), /! B: the machine was noisy in 12 of 40 trials \(red\)/);
});

test('a machine that was slower at fixed work in one of the runs is told, one that was a little slower is not', (t) => {
  const at = (seed: number, spinMs: number, walkMs: number | null) =>
    changed(run(seed), (trial) => ({
      ...trial,
      noise: {
        ...RED,
        findings: [],
        ...{ spinBeforeMs: spinMs, spinAfterMs: spinMs },
        ...(walkMs !== null && { walkBeforeMs: walkMs, walkAfterMs: walkMs }),
      },
    }));
  const told = (b: Results) =>
    compare(at(1, 14.25, 7.5), b)
      .differences.filter(({ of }) => of === 'environment')
      .map(({ what, a, b: is }) => `${what}: ${a}, ${is}`);
  t.deepEqual(told(at(2, 14.8, 7.8)), []);
  t.deepEqual(told(at(2, 14.3, 8.412)), ['fixed walk through 64 MiB of memory, ms: 7.5, 8.41']);
  t.deepEqual(told(at(2, 12.1, 7.5)), ['fixed arithmetic on one core, ms: 14.3, 12.1']);
  t.deepEqual(told(at(2, 14.3, null)), [], 'where nobody walked nothing is known');
});

test('a figure of zero has no ratio', (t) => {
  const none = changed(run(2), (trial) => ({ ...trial, disk: { ...trial.disk, workingBytes: 0 } }));
  const [first] = compare(none, none).groups[0]!.cells.map(({ values }) => values.find(({ metric }) => metric === 'disk'));
  t.is(first?.ratio, null);
  t.is(first?.verdict.word, 'insufficient');
});

test('hostile names, settings and messages stay text', (t) => {
  const [before, after] = [run(1, { failing: ['level'], profile: PROFILES.quick }), run(2, { profile: PROFILES.quick })];
  for (const text of HOSTILE) {
    const spoil = (results: Results): Results => {
      const name = (given: string) => (given === 'lmdb' ? text : given);
      return {
        ...withPlan(results, ({ cells }) => ({
          cells: cells.map((cell) => ({ ...cell, backend: { ...cell.backend, name: name(cell.backend.name) } })),
        })),
        environment: { ...results.environment, cpu: text },
        trials: results.trials.map((trial): Trial => {
          const backend = { ...trial.backend, name: name(trial.backend.name), settings: { [text]: text } };
          return trial.state === 'failed' ? { ...trial, backend, message: text } : { ...trial, backend };
        }),
      };
    };
    const a = spoil(before);
    const compared = compareRuns(
      { name: text, results: a },
      { name: 'b', results: { ...spoil(after), environment: after.environment } },
      { gates: [parseGate('throughput<-5%')], forceMixed: false },
    );
    const shown = renderComparison(compared, { ...terminal, color: false });
    t.notRegex(shown, /[^\P{Cc}\n]|\u202e|\u200b|\u2028|\p{Surrogate}/u, JSON.stringify(text));
    t.true(shown.includes('Throughput'), JSON.stringify(text));
    t.deepEqual(JSON.parse(JSON.stringify(compared)).a.name, compared.a.name);
  }
});
