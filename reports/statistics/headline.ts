import { type CompletedTrial, courseOf, middle, steadyWindows } from '../../harness/results.ts';

/** Of a trial extended by an earlier release the last third was reported. */
const LAST_PARTS = 3;
/** Fewest 1-s windows with a steady median. */
const FEWEST_WINDOWS = 8;

type Measured = Pick<CompletedTrial, 'throughput'>;

/** The throughput of a trial that is printed and compared, in events/s: all events over all measured time, stalls included. */
export function headlineOf({ throughput }: Measured): number {
  return throughput.eventsPerSecond;
}

/** Median of the 1-s windows in which a trial was steady, events/s; null for a trial too short for one. Stalls in a few seconds do not show in it. */
export function steadyOf({ throughput: { basis, perSecond } }: Measured): number | null {
  if (perSecond.length < FEWEST_WINDOWS) return null;
  return middle(basis === 'last-third' ? perSecond.slice(-Math.ceil(perSecond.length / LAST_PARTS)) : steadyWindows(perSecond));
}

const SAYS = { 'warm-up': 'was still rising', slowdown: 'was still falling', none: 'went up and down' } as const;

/**
 * "No steady state reached: throughput was still falling in 7 of 10 trials", where at least half of the trials of a cell did not reach
 * one; null where they did, or are too short to say.
 */
export function unsteadyWords({ trials }: { readonly trials: readonly Measured[] }): string | null {
  const courses = trials.flatMap(({ throughput }) => courseOf(throughput.perSecond) ?? []);
  const unsteady = courses.filter((course) => course !== 'flat');
  if (unsteady.length === 0 || unsteady.length * 2 < courses.length) return null;
  const count = (course: keyof typeof SAYS) => unsteady.filter((one) => one === course).length;
  const [most] = (['slowdown', 'warm-up', 'none'] as const).toSorted((a, b) => count(b) - count(a)) as ['none'];
  return `No steady state reached: throughput ${SAYS[most]} in ${count(most)} of ${courses.length} trials`;
}
