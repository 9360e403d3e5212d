/** The processes that have a stream between them: each has some of its keys, a store and checkpoints of its own. */
import { join } from 'node:path';
import { keyGroupsOf } from '../portable/key-groups.ts';
import type { TaskFailure } from './child.ts';
import type { CellTask } from './tasks.ts';

/** What the processes of a cell are told, each with a directory below the cell's; one that is alone has all of it. */
export function partsOf(cell: Omit<CellTask, 'keyGroups'>, parts: number): readonly CellTask[] {
  if (parts === 1) return [{ ...cell, keyGroups: null }];
  return Array.from({ length: parts }, (_, part) => ({
    ...cell,
    keyGroups: keyGroupsOf(part, parts),
    directory: join(cell.directory, `part-${part + 1}`),
  }));
}

/** What a part has to do with the others. */
export interface Companions {
  /** Ends its processes, once those of another part have failed. */
  readonly signal: AbortSignal;
  /** Lets a process of it that waits go on when one of every part waits. */
  readonly onWait: (goOn: () => void) => void;
}

export type Lived<Result> = { readonly result: Result } | { readonly failure: TaskFailure };

export interface Together<Result> {
  readonly parts: readonly CellTask[];
  /** Ends them all. */
  readonly signal: AbortSignal;
  /** Sees a part through, with as many processes, one after the other, as it takes. */
  readonly live: (part: CellTask, index: number, companions: Companions) => Promise<Lived<Result>>;
  /** Called when all have met the nth time, from 1, before they go on; a promise is waited for. */
  readonly onMet?: (nth: number) => void | Promise<void>;
}

/** Sees all parts through at once. @returns what came of each, or what failed first; by then no process is left. */
export async function liveTogether<Result>({ parts, signal, live, onMet }: Together<Result>): Promise<Lived<readonly Result[]>> {
  const end = new AbortController();
  const failures: TaskFailure[] = [];
  let waiting: (() => void)[] = [];
  let met = 0;
  const companions: Companions = {
    signal: AbortSignal.any([signal, end.signal]),
    onWait: (goOn) => {
      waiting.push(goOn);
      if (waiting.length < parts.length) return;
      const all = waiting;
      waiting = [];
      void Promise.resolve(onMet?.(++met)).finally(() => {
        for (const next of all) next();
      });
    },
  };
  const lived = await Promise.all(
    parts.map(async (part, index) => {
      const life = await live(part, index, companions);
      if ('result' in life) return [life.result];
      const { message } = life.failure;
      failures.push(parts.length === 1 ? life.failure : { ...life.failure, message: `part ${index + 1} of ${parts.length}: ${message}` });
      end.abort();
      return [];
    }),
  );
  const [failure] = failures;
  return failure === undefined ? { result: lived.flat() } : { failure };
}
