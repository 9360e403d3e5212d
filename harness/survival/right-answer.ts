import type { Workload } from '../../workloads/contract.ts';
import { create, type ModuleRef } from '../modules.ts';
import { oracle, oracleState } from '../oracle/oracle.ts';
import type { Output } from '../results.ts';

/** What a run of a finite workload has to give, whatever befell it. */
export interface RightAnswer {
  readonly output: Output;
  readonly lateEvents: number;
  /** What the open windows hold after so many events; undefined where no checkpoint can have been cut. */
  stateAt(event: number): Output | undefined;
}

export interface AnswerRequest {
  readonly workload: ModuleRef;
  /** Seed of the events. */
  readonly seed: number;
  readonly checkpointEvery: number;
}

/** Asks the oracle for the rows, and for the state wherever a checkpoint may be cut: where one is due, and at every watermark after. */
export async function rightAnswer({ workload: ref, seed, checkpointEvery }: AnswerRequest): Promise<RightAnswer> {
  const workload = await create<Workload>(ref);
  const source = await workload.source({ seed, endless: false });
  const stops = new Set<number>();
  for (const every of [checkpointEvery, workload.watermark.everyEvents]) {
    for (let event = every; event <= source.events; event += every) stops.add(event);
  }
  const states = new Map<number, Output>();
  const ascending = [...stops].sort((a, b) => a - b);
  for await (const state of oracleState(workload, source, ascending)) states.set(state.atEvent, state);
  const { value: answer } = await oracle(workload, source, [source.events]).next();
  if (!answer) throw new Error('the oracle did not answer');
  return {
    output: answer.ended,
    lateEvents: answer.late.reduce((sum, late) => sum + late, 0),
    stateAt: (event) => states.get(event),
  };
}
