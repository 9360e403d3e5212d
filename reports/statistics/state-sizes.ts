import type { Cell } from '../../harness/results.ts';
import { median } from './sample.ts';
import { type CellSummary, type GroupSummary, isFlink, type RunSummary } from './summary.ts';

/** One workload with several numbers of keys, all else being equal. */
export interface StateSizes {
  /** The workload's name without the labels that tell its sizes apart. */
  readonly name: string;
  readonly storage: Cell['storage'];
  readonly batchSize: number;
  readonly parallelism: number;
  /** By the number of keys asked for, ascending. */
  readonly sizes: readonly { readonly keys: number; readonly group: GroupSummary }[];
}

/** Settings that say how many keys there are, or over how many events they come: they go with the size. */
const SIZE_SETTINGS: ReadonlySet<string> = new Set(['keys', 'fill', 'growOver', 'turnover']);

/** What a run has measured over state size: the families of groups that differ in their keys alone. */
export function stateSizesOf({ groups }: Pick<RunSummary, 'groups'>): readonly StateSizes[] {
  const families = new Map<string, StateSizes['sizes'][number][]>();
  for (const group of groups) {
    const { keys } = group.workload.settings;
    if (typeof keys !== 'number') continue;
    const family = familyOf(group);
    families.set(family, [...(families.get(family) ?? []), { keys, group }]);
  }
  return [...families.values()]
    .filter((sizes) => new Set(sizes.map(({ keys }) => keys)).size > 1)
    .map((sizes) => {
      const { workload, storage, batchSize, parallelism } = sizes[0]!.group;
      return { name: presetOf(workload), storage, batchSize, parallelism, sizes: sizes.toSorted((a, b) => a.keys - b.keys) };
    });
}

/** A backend at one size. */
export interface SizedCell {
  readonly keys: number;
  /**
   * Found in its store at the end of the measured part. Flink does not tell them: of a cell of Flink as many as our own stores had at
   * the same size, or where none was there, as there are keys. Null where nothing was counted.
   */
  readonly entries: number | null;
  readonly cell: CellSummary;
}

/** The candidates of every size, by backend in the order of the largest size, then by size. */
export function sizedCells({ sizes }: StateSizes): readonly SizedCell[] {
  const last = sizes.at(-1)!.group.candidates.filter(({ isTwin }) => !isTwin);
  return last.flatMap(({ cell: { backend } }) =>
    sizes.flatMap(({ keys, group }) =>
      group.candidates
        .filter(({ cell }) => cell.backend.name === backend.name)
        .map((cell) => ({ keys, entries: entriesOf(cell, keys, group), cell })),
    ),
  );
}

function entriesOf(cell: CellSummary, keys: number, { candidates }: GroupSummary): number | null {
  const own = cell.metrics.liveEntries?.median ?? null;
  if (own !== null || !isFlink(cell)) return own;
  const found = candidates.flatMap(({ metrics }) => metrics.liveEntries?.median ?? []);
  return found.length === 0 ? keys : median(found);
}

function presetOf({ name }: Cell['workload']): string {
  return name.split('@')[0]!;
}

function familyOf({ workload, storage, batchSize, parallelism }: GroupSummary): string {
  const others = Object.entries(workload.settings).filter(([name]) => !SIZE_SETTINGS.has(name));
  return JSON.stringify([
    presetOf(workload),
    others.toSorted(),
    storage.name,
    Object.entries(storage.settings).toSorted(),
    batchSize,
    parallelism,
  ]);
}
