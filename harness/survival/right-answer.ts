import type { Workload } from '../../workloads/contract.ts';
import { create, type ModuleRef } from '../modules.ts';
import { oracle, oracleState } from '../oracle/oracle.ts';
import type { Output } from '../results.ts';

/** What a run of a finite workload has to give, whatever befell it. */
export interface RightAnswer {
  readonly output: Output;
  readonly lateEvents: number;
  /** What the open windows hold after `event` events, computed when it is asked for: a checkpoint may be cut after any event at which a run pauses. */
  stateAt(event: number): Promise<Output>;
}

export interface AnswerRequest {
  readonly workload: ModuleRef;
  /** Seed of the events. */
  readonly seed: number;
}

/** Asks the oracle for all rows of a finite workload. */
export async function rightAnswer({ workload: ref, seed }: AnswerRequest): Promise<RightAnswer> {
  const workload = await create<Workload>(ref);
  const source = await workload.source({ seed, endless: false });
  const { value: answer } = await oracle(workload, source, [source.events]).next();
  if (!answer) throw new Error('the oracle did not answer');
  const states = new Map<number, Promise<Output>>();
  const computeState = async (event: number): Promise<Output> => {
    // Each has a source of its own: several may be asked for at once.
    const { value: state } = await oracleState(workload, await workload.source({ seed, endless: false }), [event]).next();
    if (!state) throw new Error(`the oracle did not answer for the state after ${event} events`);
    return state;
  };
  return {
    output: answer.ended,
    lateEvents: answer.late.reduce((sum, late) => sum + late, 0),
    stateAt(event) {
      const state = states.get(event) ?? computeState(event);
      states.set(event, state);
      return state;
    },
  };
}
