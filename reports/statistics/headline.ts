import { type CompletedTrial, middle, steadyWindows } from '../../harness/results.ts';

/** Fewest windows that have a median worth the name: a trial so much faster than planned is told by all of it. */
const FEWEST_FOR_MEDIAN = 3;
/** The part of an extended trial that counts. */
const LAST_PARTS = 3;

/**
 * The throughput of a trial that is printed and compared, in events/s. Where trials are long enough it is the median of the 1-s windows in
 * which it was steady, or of the last third of one that was made longer; else all events over all of the measured time.
 */
export function headlineOf({ throughput }: Pick<CompletedTrial, 'throughput'>): number {
  const { basis = 'whole', perSecond, eventsPerSecond } = throughput;
  if (basis === 'whole' || perSecond.length < FEWEST_FOR_MEDIAN) return eventsPerSecond;
  const windows = basis === 'steady' ? steadyWindows(perSecond) : perSecond.slice(-Math.ceil(perSecond.length / LAST_PARTS));
  // A backend that stood still in most of the seconds has a rate all the same.
  return middle(windows) || eventsPerSecond;
}
