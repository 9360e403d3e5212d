/** The sizes of micro-batches that a workload allows: one ends where the watermark advances, so none can be larger than that interval. */
import type { Workload } from '../workloads/contract.ts';
import { StatebenchError } from './errors.ts';
import type { Configured, LoadedModule } from './modules.ts';

/** Used where no size is given and the workload allows it. */
export const USUAL_BATCH_SIZE = 1000;

/** Option of a workload that sets the events from one watermark to the next, where it has one. */
const INTERVAL_OPTION = 'watermarkEvery';

/**
 * The sizes to run a workload with: those that were asked for, each once, or the usual one, or the largest possible if that is smaller.
 * @throws StatebenchError `bad-value` if one is larger than the workload allows
 */
export function batchSizesFor(
  asked: readonly number[] | null,
  module: Pick<LoadedModule<Configured>, 'name' | 'described'>,
  { watermark: { everyEvents } }: Pick<Workload, 'watermark'>,
): readonly number[] {
  if (asked === null) return [Math.min(USUAL_BATCH_SIZE, everyEvents)];
  const tooLarge = asked.find((size) => size > everyEvents);
  if (tooLarge === undefined) return [...new Set(asked)];
  const hasOption = module.described.some(({ name }) => name === INTERVAL_OPTION);
  throw new StatebenchError(
    'bad-value',
    `batch size ${tooLarge} is larger than workload '${module.name}' allows: its watermark advances every ${everyEvents} events, and a micro-batch ends there, so the largest size possible is ${everyEvents}. Ask for at most ${everyEvents}${hasOption ? `, or set ${INTERVAL_OPTION}=${tooLarge} in the workload` : '; this workload has no option for its watermark interval'}`,
  );
}
