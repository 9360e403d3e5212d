/** Why a TaskManager is not heard of any more, from what it leaves: Flink's JobManager cannot know. */
import { REMEDY_OF_HEAP } from './root-cause.ts';

/** In a JVM's log of garbage collections (`-Xlog:gc`): before, after and capacity in MiB, of a collection of the whole heap. */
const FULL_COLLECTION = /Pause Full .*?(\d+)M->(\d+)M\((\d+)M\)/;
/** More than this of a heap that is in use after all garbage is gone leaves no time for anything but collecting. */
const FULL = 0.9;
/** How many of the last collections are looked at: one that is over long since tells nothing. */
const LAST = 20;

/**
 * @param log of the TaskManager
 * @param collections its log of garbage collections
 * @returns null if neither says anything
 */
export function whyLost({
  log,
  collections,
  isThere,
}: {
  readonly log: string;
  readonly collections: string;
  readonly isThere: boolean;
}): string | null {
  const memory = /OutOfMemoryError: [^\n]*/.exec(log)?.[0];
  if (memory !== undefined) return `${memory}; ${REMEDY_OF_HEAP}`;
  const full = collections
    .split('\n')
    .filter((line) => /Pause/.test(line))
    .slice(-LAST)
    .findLast((line) => FULL_COLLECTION.test(line));
  const [, , after, capacity] = (FULL_COLLECTION.exec(full ?? '') ?? []).map(Number);
  if (after !== undefined && capacity !== undefined && after >= FULL * capacity) {
    return `its heap was full, ${after} of ${capacity} MiB after garbage was collected, and collecting went on instead of anything else; ${REMEDY_OF_HEAP}`;
  }
  return isThere ? null : 'its process was killed';
}
