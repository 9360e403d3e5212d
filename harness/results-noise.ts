/** What results hold of what disturbed a trial: the machine, and itself. */
import { z } from 'zod';

const share = z.number().nonnegative();
export const BADGES = ['green', 'amber', 'red'] as const;

/** Evidence from outside the trial: it says whether to believe the figures, and never looks at them. */
export const noiseSchema = z.strictObject({
  /** The worst of the findings; green without any. */
  badge: z.enum(BADGES),
  findings: z.array(
    z.strictObject({
      what: z.enum(['spin', 'walk', 'steal', 'others', 'swap', 'major-faults', 'supervisor', 'throttled']),
      level: z.enum(['amber', 'red']),
      /** What was found, with its limit. */
      found: z.string(),
      /** What to do about it. */
      remedy: z.string(),
    }),
  ),
  /** A fixed piece of arithmetic, before and after the trial, and its median over the run so far: how fast a core was. */
  spinBeforeMs: z.number().positive(),
  spinAfterMs: z.number().positive(),
  spinMedianMs: z.number().positive(),
  /** A fixed walk through 64 MiB of memory, likewise: how fast memory and the caches were that cores share. Absent where nobody walked. */
  walkBeforeMs: z.number().positive().optional(),
  walkAfterMs: z.number().positive().optional(),
  walkMedianMs: z.number().positive().optional(),
  /** Of the time of all cores: taken by the hypervisor for others. Null where the platform does not tell. */
  stealShare: share.nullable(),
  /** Of the time of all cores: used by processes that have no part in the run. Null where they cannot be told. */
  othersShare: share.nullable(),
  /**
   * Of the periods of a container's CPU quota, those in which it was used up and processes stood still; how many; and for how long. 0 without
   * a quota, null where control groups cannot be read, absent in older results.
   */
  throttledShare: share.nullable().optional(),
  throttledPeriods: z.int().nonnegative().nullable().optional(),
  throttledSeconds: z.number().nonnegative().nullable().optional(),
  /** Pages that the system swapped in or out. */
  swappedPages: z.int().nonnegative().nullable(),
  /** Pages that the trial's processes had to wait for a disk for, in the measured part. */
  majorFaults: z.int().nonnegative().nullable(),
  /** Of one core: used by the process that drives the run. */
  supervisorShare: share,
  /** Why something is null, by its name. */
  unavailable: z.record(z.string(), z.string()),
});
export type Noise = z.infer<typeof noiseSchema>;

/** What interrupted a process in the measured part: its own doing, not the machine's. */
export const interruptionsSchema = z.strictObject({
  /** Collections of garbage by kind: how many, and how long together and at most. */
  garbage: z.array(
    z.strictObject({
      kind: z.enum(['minor', 'major', 'incremental', 'weak-callbacks']),
      count: z.int().nonnegative(),
      ms: z.number().nonnegative(),
      longestMs: z.number().nonnegative(),
    }),
  ),
  /** The longest that the event loop stood still, about: what is told is too low while it stands. */
  loopDelayLongestMs: z.number().nonnegative(),
});
export type Interruptions = z.infer<typeof interruptionsSchema>;
