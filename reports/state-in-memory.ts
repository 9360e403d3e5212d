import type { Environment } from '../harness/results.ts';
import { nameOf } from './decision.ts';
import { plainText } from './plain-text.ts';
import { withUnit } from './quantity.ts';
import { type CellSummary, everyGroup, type RunSummary } from './statistics/summary.ts';

/** Stands beside a cell whose store hardly read from a disk. */
export const IN_MEMORY_MARK = '°';

/** Why a store that keeps its state in files hardly read from a disk. */
export interface InMemory {
  /** `own`: keys and values fit in what the store may keep in memory. `page-cache`: its files fit in the memory of the machine. */
  readonly where: 'own' | 'page-cache';
  readonly stateBytes: number;
  /** Of the store's own, in all its processes, or of the machine. */
  readonly memoryBytes: number;
}

/** By id, the cells that fit in memory although they keep state in files: what a disk costs is not in their figures. */
export function inMemoryOf(run: RunSummary, environment: Environment): ReadonlyMap<string, InMemory> {
  const cells = everyGroup(run).flatMap((group) => group.candidates);
  return new Map(
    cells.flatMap((cell) => {
      const found = inMemory(cell, environment);
      return found === null ? [] : [[cell.cell.id, found]];
    }),
  );
}

function inMemory({ cell, trials, metrics }: CellSummary, environment: Environment): InMemory | null {
  // Of a trial, since some settings are known only once a store is open.
  const settings = trials.at(-1)?.backend.settings;
  const stateBytes = metrics.liveBytes?.mean;
  // A state that was empty when it was counted says nothing of what it is otherwise.
  if (settings?.pageCache !== true || stateBytes === undefined || stateBytes === 0) return null;
  const own = typeof settings.memoryBytes === 'number' ? settings.memoryBytes * cell.parallelism : 0;
  if (stateBytes <= own) return { where: 'own', stateBytes, memoryBytes: own };
  const filesBytes = metrics.workingBytes?.mean ?? stateBytes;
  return filesBytes <= environment.memoryBytes ? { where: 'page-cache', stateBytes, memoryBytes: environment.memoryBytes } : null;
}

const MOST_NAMED = 6;

/** What the marks mean, in a sentence for each way; none where nothing is marked. */
export function inMemoryNotes(run: RunSummary, environment: Environment): readonly string[] {
  const marked = inMemoryOf(run, environment);
  const severalGroups = everyGroup(run).length > 1;
  const named = (where: InMemory['where']) =>
    everyGroup(run).flatMap((group) =>
      group.candidates.flatMap((cell) => {
        const found = marked.get(cell.cell.id);
        if (found?.where !== where) return [];
        const of = where === 'own' ? ` of ${withUnit('bytes', found.memoryBytes)}` : '';
        return [
          `${nameOf(cell)}${severalGroups ? ` with ${plainText(group.workload.name)}` : ''} (${withUnit('bytes', found.stateBytes)}${of})`,
        ];
      }),
    );
  const sentence = (names: readonly string[], before: string) => {
    const more = names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more so marked` : '';
    return names.length === 0 ? [] : [`${IN_MEMORY_MARK} ${before}: ${names.slice(0, MOST_NAMED).join(', ')}${more}.`];
  };
  return [
    ...sentence(named('own'), 'This state fits in the cache that the store has of its own, so that reading files is not in its figures'),
    ...sentence(
      named('page-cache'),
      `This state is more than the store keeps in memory of its own, but its files fit in the page cache of this machine (${withUnit('bytes', environment.memoryBytes)} of memory), so that reading a disk is not in its figures`,
    ),
  ];
}
