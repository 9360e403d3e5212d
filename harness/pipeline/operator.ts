import type { TableSpec } from '../../backends/contract.ts';
import type { AggregateStage, Stage, Workload } from '../../workloads/contract.ts';
import { continuousJoin } from './continuous-join-stage.ts';
import { continuous } from './global-stage.ts';
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
  switch (window.kind) {
    case 'tumbling':
    case 'sliding':
      return aggregate.kind === 'incremental' ? incremental(stage, window, aggregate) : holistic(stage, window, aggregate);
    case 'global':
      if (aggregate.kind === 'holistic') {
        throw new RangeError(
          `${aggregate.name} over a global window would need all events ever seen for each row: take an incremental aggregate`,
        );
      }
      if (stage.allowedLatenessMs > 0) throw new RangeError('a global window has no end to be late for: its allowed lateness is 0');
      return continuous(stage, aggregate);
    case 'session':
      return aggregate.kind === 'incremental' ? sessionIncremental(stage, window, aggregate) : sessionHolistic(stage, window, aggregate);
  }
}

/** The tables a store must be opened with to run this workload. */
export function workloadTables({ stages }: Pick<Workload, 'stages'>): TableSpec[] {
  return stages.flatMap((stage, index) => operatorOf(stage).tables(index));
}
