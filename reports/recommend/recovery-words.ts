/** What the model of recovery says, in words. */
import { percent, rounded, withUnit } from '../quantity.ts';
import { type Circumstances, checkModel, LARGEST_ERROR, recoveriesIn } from '../recovery-model.ts';
import type { RecoveryDoubt } from './checks.ts';
import type { Contender, Contest } from './contest.ts';

/** The command that measures recovery. */
const MEASURE = 'statebench run … --measure recovery';

/** Why a need on recovery is undecided, or missed without a figure. */
export function recoveryDoubtWords(doubt: RecoveryDoubt, contender: Contender, { circumstances }: Pick<Contest, 'circumstances'>): string {
  const rate = (value: number) => withUnit('rate', value);
  const { recovery, recoveries } = contender;
  const replayRate = recovery !== undefined && 'replayRate' in recovery ? rate(recovery.replayRate) : '';
  const inputRate = rate(circumstances?.inputRate ?? 0);
  switch (doubt) {
    case 'not-measured':
      return `recovery was not measured: run '${MEASURE}'`;
    case 'not-recorded':
      return `recovery was measured by an older version, which did not record where the kill fell: run '${MEASURE}' again`;
    case 'no-input-rate':
      return 'recovery depends on the input rate: give --input-rate, and --checkpoint-interval if it is not 1 min';
    case 'withheld': {
      const { blocks, error } = checkModel(recoveriesIn(recoveries));
      return error === null
        ? `recovery cannot be predicted from ${blocks} block${blocks === 1 ? '' : 's'}: at least 3 are needed to check the prediction`
        : `recovery cannot be predicted: the model misses the measured recoveries by ${percent(error)} (median), more than ${percent(LARGEST_ERROR)}`;
    }
    case 'may-not-catch-up':
      return `recovery is uncertain: the input rate of ${inputRate} is above the replay rate of some blocks (minimum ${replayRate})`;
    case 'cannot-catch-up':
      return `cannot catch up: the input rate of ${inputRate} is not below the replay rate (at most ${replayRate})`;
  }
}

/** "checkpoints every 1 min, 50,000 events/s of input". */
export function circumstancesWords({ intervalMs, inputRate }: Circumstances): string {
  const every = `checkpoints every ${durationWords(intervalMs)}`;
  return inputRate === null ? `${every}, no input rate given` : `${every}, ${inputRate.toLocaleString('en-US')} events/s of input`;
}

function durationWords(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(6))} s` : `${Number(ms.toPrecision(6))} ms`;
}

/** "lmdb: caught up after 1.2 s on average, 2.3 s at worst; the model misses measured recoveries by 6 % (median of 10 blocks)". */
export function modelLine(contender: Contender, contest: Pick<Contest, 'circumstances'>): string {
  const { recovery, recoveries } = contender;
  if (recovery === undefined || recoveries === undefined) return '';
  if (recovery.kind === 'not-measured' || recovery.kind === 'not-recorded') return recoveryDoubtWords(recovery.kind, contender, contest);
  const check = checkModel(recoveriesIn(recoveries));
  const detection = Math.max(0, ...recoveriesIn(recoveries).map(({ detectionMs }) => detectionMs));
  const said =
    recovery.kind === 'predicted'
      ? `caught up after ${withUnit('time', recovery.meanMs)} on average, ${withUnit('time', recovery.worstMs)} at worst${detection > 0 ? ', detection and scheduling included' : ', plus detection and scheduling'}`
      : recovery.kind === 'no-input-rate'
        ? ''
        : recoveryDoubtWords(recovery.kind, contender, contest);
  const error =
    check.error === null
      ? null
      : `the model misses measured recoveries by ${rounded(check.error * 100, 1)} % (median of ${check.blocks} blocks)`;
  return (
    [said, recovery.kind === 'withheld' ? '' : (error ?? '')].filter((part) => part !== '').join('; ') ||
    recoveryDoubtWords('withheld', contender, contest)
  );
}

/** {@link modelLine} of every contender that competes; empty where no crash was measured. */
export function modelLines(contest: Contest): readonly { readonly contender: Contender; readonly says: string }[] {
  const isMeasured = contest.contenders.some(({ recoveries }) => recoveries === null || (recoveries ?? []).length > 0);
  if (!isMeasured) return [];
  return contest.contenders
    .filter(({ standing, isTwin }) => standing === 'correct' && !isTwin)
    .map((contender) => ({ contender, says: modelLine(contender, contest) }));
}

/** The median error of the model by backend, in a line; empty where no crash was measured as the model needs it. */
export function modelErrorsLine({ contenders }: Pick<Contest, 'contenders'>): string {
  const checked = contenders
    .filter(({ standing, isTwin, recoveries }) => standing === 'correct' && !isTwin && (recoveries ?? []).length > 0)
    .map(({ name, recoveries }) => ({ name, ...checkModel(recoveriesIn(recoveries)) }));
  if (checked.length === 0) return '';
  const said = checked.map(({ name, error, withheld }) =>
    error === null ? `${name} not checked (fewer than 3 blocks)` : `${name} ${percent(error)}${withheld === null ? '' : ' (withheld)'}`,
  );
  return `Recovery model, median error against the measured recoveries: ${said.join(', ')}.`;
}
