/** What to know of trials that were not steady, or took more memory than they were given. */
import { courseOf, type Plan } from '../harness/results.ts';
import { nameOf } from './decision.ts';
import { plainText } from './plain-text.ts';
import { percent, withUnit } from './quantity.ts';
import { median } from './statistics/sample.ts';
import { type CellSummary, everyGroup, type RunSummary } from './statistics/summary.ts';

const SAYS = {
  'warm-up': 'was still rising, so take a longer profile',
  slowdown: 'was still falling, as that of a log-structured store may, so that over a longer time it will be lower',
  none: 'went up and down without coming to rest',
} as const;

/** A note for each way in which at least half of the trials of a cell did not come to a steady state, and for cells that got longer trials. */
export function courseNotes(run: RunSummary): readonly string[] {
  const groups = everyGroup(run);
  const cells = groups.flatMap(({ workload, candidates }) =>
    candidates.map((cell) => {
      const name = groups.length === 1 ? nameOf(cell) : `${nameOf(cell)} with ${plainText(workload.name)}`;
      const isLonger = cell.trials.some(({ throughput }) => throughput.basis === 'last-third' || throughput.basis === 'extended');
      return { name, isLonger, courses: cell.trials.flatMap(({ throughput }) => courseOf(throughput.perSecond) ?? []) };
    }),
  );
  const restless = (['slowdown', 'warm-up', 'none'] as const).flatMap((course) => {
    const named = cells.flatMap(({ name, courses }) => {
      const count = courses.filter((one) => one === course).length;
      return count === 0 || count * 2 < courses.length ? [] : [`${name} (${count} of ${courses.length} trials)`];
    });
    return named.length === 0 ? [] : [`Throughput ${SAYS[course]}: ${named.join(', ')}.`];
  });
  const longer = cells.flatMap(({ name, isLonger }) =>
    isLonger
      ? [
          `The throughput of ${name} was still falling in its first trial, as that of a log-structured store may: its trials were made three times as long. Of trials made now the first two thirds are warm-up; a trial of an earlier release is reported whole.`,
        ]
      : [],
  );
  return [...restless, ...longer];
}

/** From where the two throughputs of a cell are told apart. */
const APART = 0.05;

/** A note for each cell whose mean is far below its steady median. */
export function seldomNotes(run: RunSummary): readonly string[] {
  return everyGroup(run).flatMap(({ candidates }) =>
    candidates.flatMap((cell) => {
      const [steady, whole] = [cell.metrics.steadyEventsPerSecond?.mean ?? null, cell.metrics.eventsPerSecond?.mean ?? null];
      if (steady === null || whole === null || steady / whole < 1 + APART) return [];
      return [
        `The throughput of ${nameOf(cell)}, over all measured time, is ${percent(1 - whole / steady)} below the median of its steady seconds: checkpoints or stalls take much of a few seconds.`,
      ];
    }),
  );
}

/** What a store may take beyond its budget before it is told: allocators keep some, and a batch is on its way. */
const SLACK = 1.25;

/**
 * A warning for each store that limits its memory itself and grew by more than it was given. Mapped files do not count. A task of Flink has
 * its budget inside of a process whose whole size Flink plans: more than that is told.
 */
export function overBudgetWarnings(run: RunSummary, { memoryBytes }: Pick<Plan, 'memoryBytes'>): readonly string[] {
  if (memoryBytes === null) return [];
  return everyGroup(run).flatMap(({ candidates, harness }) => {
    const own = grownBytes(harness) ?? 0;
    return candidates.flatMap((cell) => {
      const { memoryBytes: given, processBytes, taskManagers } = cell.trials.at(-1)?.backend.settings ?? {};
      if (typeof given === 'number' && typeof processBytes === 'number')
        return overProcessWarning(nameOf(cell), cell, processBytes * Number(taskManagers));
      const grown = grownBytes(cell);
      if (typeof given !== 'number' || grown === null) return [];
      const budget = memoryBytes * cell.cell.parallelism;
      return grown - own <= SLACK * budget
        ? []
        : [
            `${nameOf(cell)} grew by ${withUnit('bytes', grown)} of resident memory${own === 0 ? '' : `, ${withUnit('bytes', own)} of it the harness's own`}, more than the ${withUnit('bytes', budget)} that it was given: it is not comparable at equal memory.`,
          ];
    });
  });
}

function overProcessWarning(name: string, { trials }: CellSummary, most: number): readonly string[] {
  const resident = trials.flatMap(({ memory }) => memory.rssBytesMax ?? []);
  if (resident.length === 0 || median(resident) <= most) return [];
  return [
    `${name} took ${withUnit('bytes', median(resident))} of resident memory, more than the ${withUnit('bytes', most)} of its TaskManagers: it is not comparable at equal memory.`,
  ];
}

/** By how much anonymous memory grew from before the store was opened, at most; the median of the trials. */
function grownBytes(cell: CellSummary | null): number | null {
  const grown = (cell?.trials ?? []).flatMap(({ memory: { anonymousBytesMax: most, anonymousBytesBefore: before } }) =>
    most == null || before == null ? [] : [Math.max(0, most - before)],
  );
  return grown.length === 0 ? null : median(grown);
}
