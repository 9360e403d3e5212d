import type { Cell, CompletedTrial, Environment, Noise, Plan, Trial } from '../../harness/results.ts';
import type { Results } from '../read-results.ts';
import { median } from '../statistics/sample.ts';

/** Something that is not the same in both runs and may be what made the numbers differ. */
export interface Difference {
  readonly of: 'version' | 'environment' | 'settings' | 'durability' | 'seed' | 'workload' | 'profile' | 'work';
  /** "cpu", "backend lmdb: mapBytes". */
  readonly what: string;
  readonly a: string;
  readonly b: string;
  /** Whether figures of the two mean different things, so that they are compared only where that is forced. */
  readonly isMixed: boolean;
}

/** Everything but the trials' figures in which two runs differ, weightiest first. Only what both have is looked at. */
export function differencesOf(a: Results, b: Results): readonly Difference[] {
  return [
    ...workloadDifferences(a.plan, b.plan),
    ...one('seed', 'seed', a.plan.seed, b.plan.seed, true),
    ...durabilityDifferences(a.plan, b.plan),
    ...one('version', 'statebench', a.environment.statebench, b.environment.statebench),
    ...environmentDifferences(a.environment, b.environment),
    ...speedDifferences(a.trials, b.trials),
    ...profileDifferences(a.plan, b.plan),
    ...settingsDifferences(a, b),
    ...workDifferences(a.trials, b.trials),
  ];
}

type Plain = string | number | boolean | null | undefined;

function one(of: Difference['of'], what: string, a: Plain, b: Plain, isMixed = false): readonly Difference[] {
  return a === b ? [] : [{ of, what, a: text(a), b: text(b), isMixed }];
}

function text(value: Plain): string {
  return value === null
    ? 'not known'
    : value === undefined
      ? 'none'
      : typeof value === 'number'
        ? value.toLocaleString('en-US')
        : String(value);
}

type Settings = Cell['workload']['settings'];

function bySetting(of: Difference['of'], owner: string, a: Settings, b: Settings, isMixed = false): readonly Difference[] {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted();
  const own = (settings: Settings, key: string) => (Object.hasOwn(settings, key) ? settings[key] : undefined);
  return keys.flatMap((key) => one(of, `${owner}: ${key}`, own(a, key), own(b, key), isMixed));
}

/** What both plans have under one name, with what each makes of it. */
function shared<T>(a: Plan, b: Plan, of: (cell: Cell) => { readonly name: string } & T): readonly (readonly [string, T, T])[] {
  const named = ({ cells }: Plan) => new Map(cells.map((cell) => [of(cell).name, of(cell)]));
  const others = named(b);
  return [...named(a)].flatMap(([name, item]) => (others.has(name) ? [[name, item, others.get(name)!] as const] : []));
}

function workloadDifferences(a: Plan, b: Plan): readonly Difference[] {
  return shared(a, b, ({ workload }) => workload).flatMap(([name, one, other]) =>
    bySetting('workload', `workload ${name}`, one.settings, other.settings, true),
  );
}

function durabilityDifferences(a: Plan, b: Plan): readonly Difference[] {
  return shared(a, b, ({ backend }) => backend).flatMap(([name, { durability }, other]) =>
    one('durability', `backend ${name}: durability of the working state`, durability, other.durability, true),
  );
}

/** A kernel keeps a little more or less of the memory for itself from one start to the next. */
const SAME_MEMORY = 0.05;
/** An fsync takes now this long, now that; twice as long is another disk, or another load on it. */
const SAME_FSYNC = 2;

function environmentDifferences(a: Environment, b: Environment): readonly Difference[] {
  const fields = (environment: Environment) =>
    new Map(Object.entries(environment).filter(([name, value]) => !APART.has(name) && (typeof value !== 'object' || value === null)));
  const [ours, others] = [fields(a), fields(b)] as [Map<string, Plain>, Map<string, Plain>];
  const plain = [...new Set([...ours.keys(), ...others.keys()])].flatMap((name) =>
    one('environment', name, ours.get(name), others.get(name)),
  );
  const isFar = (x: number, y: number, factor: number) => Math.max(x, y) > factor * Math.min(x, y);
  const memory = isFar(a.memoryBytes, b.memoryBytes, 1 + SAME_MEMORY);
  const fsync = a.fsyncMs !== b.fsyncMs && (a.fsyncMs === null || b.fsyncMs === null || isFar(a.fsyncMs, b.fsyncMs, SAME_FSYNC));
  return [
    ...plain,
    ...(memory ? one('environment', 'memoryBytes', a.memoryBytes, b.memoryBytes) : []),
    ...(fsync ? one('environment', 'fsyncMs', a.fsyncMs, b.fsyncMs) : []),
  ];
}

/** The same work takes a few percent more or less from one minute to the next; their median over a run does not. */
const SAME_SPEED = 0.05;

/** How fast the machine was at fixed work that has nothing to do with a backend: where it was slower, so is everything that was measured on it. */
function speedDifferences(a: readonly Trial[], b: readonly Trial[]): readonly Difference[] {
  return (
    [
      ['fixed arithmetic on one core, ms', ({ spinBeforeMs, spinAfterMs }: Noise) => [spinBeforeMs, spinAfterMs]],
      ['fixed walk through 64 MiB of memory, ms', ({ walkBeforeMs, walkAfterMs }: Noise) => [walkBeforeMs ?? [], walkAfterMs ?? []].flat()],
    ] as const
  ).flatMap(([what, of]) => {
    const [ours, others] = [a, b].map((trials) =>
      trials.flatMap((trial) => (trial.state !== 'completed' || trial.noise == null ? [] : of(trial.noise))),
    ) as [number[], number[]];
    if (ours.length === 0 || others.length === 0) return [];
    const [x, y] = [median(ours), median(others)];
    const shown = (ms: number) => Number(ms.toPrecision(3));
    return Math.max(x, y) > (1 + SAME_SPEED) * Math.min(x, y) ? one('environment', what, shown(x), shown(y)) : [];
  });
}

/** Told as something else, or with a tolerance. */
const APART: ReadonlySet<string> = new Set(['schema', 'statebench', 'unavailable', 'memoryBytes', 'fsyncMs']);

function profileDifferences(a: Plan, b: Plan): readonly Difference[] {
  return [
    ...one('profile', 'profile', a.profile.name, b.profile.name),
    ...one('profile', 'measured seconds of a trial', a.profile.measuredSeconds, b.profile.measuredSeconds),
    ...one('profile', 'measures', a.measures.join(', '), b.measures.join(', ')),
    ...one('settings', '--memory, bytes', a.memoryBytes, b.memoryBytes),
  ];
}

/** As the trials had them, where some were known only once the store was open: those of the same workload, since a store may have other settings for another. */
function settingsDifferences(a: Results, b: Results): readonly Difference[] {
  const completed = ({ trials }: Results) => trials.filter((trial): trial is CompletedTrial => trial.state === 'completed');
  const cells = ({ trials }: Results) => new Set(trials.map(({ cell }) => cell));
  const [inA, inB] = [cells(a), cells(b)];
  const opened = (results: Results) => {
    const common = completed(results).filter(({ cell }) => inA.has(cell) && inB.has(cell));
    return new Map(common.toSorted((x, y) => x.cell.localeCompare(y.cell)).map(({ backend }) => [backend.name, backend.settings]));
  };
  const [ours, others] = [opened(a), opened(b)];
  return [
    ...shared(a.plan, b.plan, ({ backend }) => backend).flatMap(([name, one, other]) =>
      bySetting('settings', `backend ${name}`, ours.get(name) ?? one.settings, others.get(name) ?? other.settings),
    ),
    ...shared(a.plan, b.plan, ({ storage }) => storage).flatMap(([name, one, other]) =>
      bySetting('settings', `checkpoint storage ${name}`, one.settings, other.settings),
    ),
  ];
}

/** Calibration gives a trial its number of events, and may have found another one. */
function workDifferences(a: readonly Trial[], b: readonly Trial[]): readonly Difference[] {
  const measured = (trials: readonly Trial[]) =>
    new Map(trials.flatMap((trial) => (trial.state === 'completed' ? [[trial.cell, trial.events.measured] as const] : [])));
  const others = measured(b);
  return [...measured(a)].flatMap(([cell, events]) => {
    const other = others.get(cell);
    return other === undefined ? [] : one('work', `${cell}: events measured a trial`, events, other);
  });
}
