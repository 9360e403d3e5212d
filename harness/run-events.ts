/** What the supervisor of a run tells while it works, and what it is asked to do. */

import type { PlannedCell } from './plan.ts';
import type { Plan, Trial } from './results.ts';

export type RunEvent =
  | { readonly type: 'trial-started'; readonly cell: string; readonly block: number; readonly index: number; readonly trials: number }
  /** Where a trial stands: `phase` in the words of the results, and how much of it is done, 0 to 1. */
  | { readonly type: 'progress'; readonly cell: string; readonly phase: string; readonly done: number }
  /** The throughput of a cell was still falling: from now on its trials measure for so long. */
  | { readonly type: 'extended'; readonly cell: string; readonly measuredSeconds: number }
  /** `index` counts from 1 over the whole run. */
  | { readonly type: 'trial-finished'; readonly trial: Trial; readonly index: number; readonly trials: number };

export interface RunRequest {
  readonly plan: Plan;
  readonly cells: readonly PlannedCell[];
  /** Exists. Goes on from the trials and sizes that an interrupted run of the same plan left there. */
  readonly outDirectory: string;
  /** Is asked after every whole block whether the trials up to it are enough; absent, all blocks are run. */
  readonly isEnough?: (trials: readonly Trial[], block: number) => boolean;
  readonly onEvent: (event: RunEvent) => void;
  /** Gets the plan with the twin that calibration chose, before the first trial: has to keep it, so that the run can be resumed. */
  readonly onPlan?: (plan: Plan) => void;
  /** Once aborted, the trial under way is ended and given up, and the run returns what there is. */
  readonly signal: AbortSignal;
}

export interface RunOutcome {
  /** Those found finished included. */
  readonly trials: readonly Trial[];
}
