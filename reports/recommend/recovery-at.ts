/** Recovery as a criterion: what the model makes of the measured restores and replays, for the user's checkpoint interval and input rate. */
import { answerRecovery, type Circumstances, recoveriesIn } from '../recovery-model.ts';
import type { Contender, Contest } from './contest.ts';

/** The contest with each contender's time to caught up under `circumstances` as its values for `recovery`. */
export function recoveryAt(contest: Contest, circumstances: Circumstances): Contest {
  return {
    ...contest,
    circumstances,
    contenders: contest.contenders.map((contender) => answered(contender, contest.blocks, circumstances)),
  };
}

function answered(contender: Contender, blocks: number, circumstances: Circumstances): Contender {
  const answer = answerRecovery(contender.recoveries === null ? null : recoveriesIn(contender.recoveries), blocks, circumstances);
  const { recovery: _, ...values } = contender.values;
  return {
    ...contender,
    recovery: answer,
    values: answer.kind === 'predicted' ? { ...values, recovery: answer.values } : values,
  };
}
