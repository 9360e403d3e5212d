/** Backends that a run measures twice, under two names: any difference between the two is noise (A/A). */
import { isDeepStrictEqual } from 'node:util';
import type { ModuleRef } from './modules.ts';
import type { PlannedCell } from './plan.ts';
import type { Cell, Plan } from './results.ts';

/** Settings that only a store in a process of its own has. */
const SERVER_SETTINGS = ['url', 'contactPoints'];

/** Name of the twin of `original`: that of another module with the same file and options, or a new name. */
export function twinOf(original: ModuleRef, backends: readonly ModuleRef[]): string {
  const same = backends.find(
    (other) => other.name !== original.name && other.file === original.file && isDeepStrictEqual(other.options, original.options),
  );
  if (same !== undefined) return same.name;
  const taken = new Set(backends.map(({ name }) => name));
  for (let n = 1; ; n++) {
    const name = `${original.name.split('@')[0]}@again${n === 1 ? '' : n}`;
    if (!taken.has(name)) return name;
  }
}

/** `backends` with the twins of a plan that are not among them: the original's module, and so its server, under another name. */
export function twinned<Module extends ModuleRef>(backends: readonly Module[], { twins }: Pick<Plan, 'twins'>): readonly Module[] {
  const added = twins.flatMap(({ of, name }) => {
    const original = backends.find((backend) => backend.name === of);
    return original === undefined || backends.some((backend) => backend.name === name) ? [] : [{ ...original, name }];
  });
  return [...backends, ...added];
}

/** Whether a cell's state is on a disk of this machine: it survives a crash of the process, in our own pipeline, without a server. */
function isOnDisk({ role, engine, backend }: Cell): boolean {
  const isServed = SERVER_SETTINGS.some((name) => Object.hasOwn(backend.settings, name));
  return role === 'candidate' && engine === undefined && backend.durability !== 'volatile' && !isServed;
}

/** Cells on disk that may get a twin: neither the reference's nor a twin's own. */
function onDiskWithoutTwin(cells: readonly Cell[], reference: string, twins: Plan['twins']): readonly Cell[] {
  const taken = new Set([reference, ...twins.map(({ name }) => name)]);
  return cells.filter((cell) => isOnDisk(cell) && !taken.has(cell.backend.name));
}

/** Whether a plan has a store on disk, besides the reference, that may be measured twice. */
export function mayHaveTwinOnDisk(cells: readonly PlannedCell[], reference: string, twins: Plan['twins']): boolean {
  const all = cells.map(({ cell }) => cell);
  return onDiskWithoutTwin(all, reference, twins).length > 0;
}

/** Cells that stand for the twin still to be chosen, for the estimate of what the run takes. */
export function standInsForTwin({ cells, reference, twins, choosesTwinOnDisk }: Plan): readonly Cell[] {
  const [first] = choosesTwinOnDisk === true ? onDiskWithoutTwin(cells, reference, twins) : [];
  return first === undefined ? [] : cells.filter(({ backend }) => backend.name === first.backend.name);
}

/** A plan and its cells. */
interface TwinnedPlan {
  readonly plan: Plan;
  readonly cells: readonly PlannedCell[];
}

/**
 * Gives the fastest store on disk a twin, by the geometric mean of its calibrated rates. The same rates give the same choice, so a run
 * that was interrupted before it was recorded makes it again. Without a store on disk that was calibrated there is no second twin.
 * @param eventsPerSecond by cell
 */
export function withFastestOnDiskTwice({ plan, cells }: TwinnedPlan, eventsPerSecond: ReadonlyMap<string, number>): TwinnedPlan {
  const { choosesTwinOnDisk: _, ...chosen } = plan;
  const logs = new Map<string, number[]>();
  for (const { id, backend } of onDiskWithoutTwin(plan.cells, plan.reference, plan.twins))
    logs.set(backend.name, [...(logs.get(backend.name) ?? []), Math.log(eventsPerSecond.get(id) ?? 0)]);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [fastest] = [...logs]
    .map(([name, values]) => ({ name, rate: mean(values) }))
    .filter(({ rate }) => Number.isFinite(rate))
    .toSorted((a, b) => b.rate - a.rate);
  if (fastest === undefined) return { plan: chosen, cells };
  const modules = [...new Map(cells.map(({ backend }) => [backend.name, backend])).values()];
  const name = twinOf(modules.find((module) => module.name === fastest.name)!, modules);
  const added = modules.some((module) => module.name === name)
    ? []
    : cells
        .filter(({ cell }) => cell.backend.name === fastest.name)
        .map((planned) => ({
          ...planned,
          backend: { ...planned.backend, name },
          cell: {
            ...planned.cell,
            id: `${name}${planned.cell.id.slice(fastest.name.length)}`,
            backend: { ...planned.cell.backend, name },
          },
        }));
  return {
    plan: { ...chosen, twins: [...plan.twins, { of: fastest.name, name }], cells: [...plan.cells, ...added.map(({ cell }) => cell)] },
    cells: [...cells, ...added],
  };
}

/** Id of the cell that a cell is the twin of; null for one that is no twin. */
export function originalOf({ twins, cells }: Pick<Plan, 'twins' | 'cells'>, { id, backend }: Cell): string | null {
  const of = twins.find(({ name }) => name === backend.name)?.of;
  const original = of === undefined ? undefined : cells.find((cell) => cell.id === `${of}${id.slice(backend.name.length)}`);
  return original?.id ?? null;
}
