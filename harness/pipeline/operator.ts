import type { TableSpec } from '../../backends/contract.ts';
import type { AggregateStage, Stage, Workload } from '../../workloads/contract.ts';
import { continuousJoin } from './continuous-join-stage.ts';
import { holistic } from './holistic-stage.ts';
import { incremental } from './incremental-stage.ts';
import { intervalJoin } from './interval-join-stage.ts';
import { sessionHolistic, sessionIncremental } from './session-stage.ts';
import type { RunningStage, StageRequest } from './stage.ts';
import { windowJoin } from './window-join-stage.ts';

/** How one stage of a chain is run. */
export interface Operator {
  /** The tables it keeps its state in. */
  tables(index: number): readonly TableSpec[];
  open(request: StageRequest): RunningStage;
}

/** @throws RangeError if nothing runs such a stage */
export function operatorOf(stage: Stage): Operator {
  switch (stage.kind) {
    case 'aggregate':
      return aggregateOperator(stage);
    case 'window-join':
      return windowJoin(stage);
    case 'interval-join':
      return intervalJoin(stage);
    case 'continuous-join':
      return continuousJoin(stage);
  }
}

function aggregateOperator(stage: AggregateStage): Operator {
  const { aggregate, window } = stage;
  if (window.kind === 'session') {
    return aggregate.kind === 'incremental' ? sessionIncremental(stage, window, aggregate) : sessionHolistic(stage, window, aggregate);
  }
  if (window.kind !== 'tumbling' && window.kind !== 'sliding') throw new RangeError(`no operator runs a ${window.kind} window`);
  return aggregate.kind === 'incremental' ? incremental(stage, window, aggregate) : holistic(stage, window, aggregate);
}

/** The tables a store must be opened with to run this workload. */
export function workloadTables({ stages }: Pick<Workload, 'stages'>): TableSpec[] {
  return stages.flatMap((stage, index) => operatorOf(stage).tables(index));
}
