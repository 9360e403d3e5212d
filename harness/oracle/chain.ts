import type { AggregateStage, Stage, Workload } from '../../workloads/contract.ts';
import { keptOf } from './aggregates.ts';
import { ContinuousJoinOperator } from './continuous-join.ts';
import { GlobalOperator } from './global-window.ts';
import { IntervalJoinOperator } from './interval-join.ts';
import type { Give, Operator, OracleEvent } from './operator.ts';
import { pairOf } from './pair.ts';
import { SessionOperator } from './sessions.ts';
import { WindowJoinOperator } from './window-join.ts';
import { WindowOperator } from './windows.ts';

/** One output row, or one row of what a stage holds. */
export interface OracleRow {
  /** From 1. */
  readonly stage: number;
  readonly windowStart: number;
  readonly windowEnd: number;
  /** The stage's key, one character a byte (Latin-1). */
  readonly key: string;
  readonly numbers: readonly number[];
}

/** The stages in order, and the stream's clock. */
export class Chain {
  readonly #workload: Workload;
  #operators: readonly Operator[];
  #events = 0;
  #greatestTime = -Infinity;

  /** @throws RangeError for what no workload may be */
  constructor(workload: Workload, output: (row: OracleRow) => void) {
    this.#workload = workload;
    checkStages(workload.stages);
    this.#operators = workload.stages.map((stage, index) => operatorOf(stage, workload.stages[index - 1], this.#emitOf(index, output)));
  }

  event(event: OracleEvent): void {
    this.#give(0, event);
    this.#greatestTime = Math.max(this.#greatestTime, event.time);
    this.#events++;
    const { everyEvents, delayMs } = this.#workload.watermark;
    if (this.#events % everyEvents === 0) this.#advance(this.#greatestTime - delayMs);
  }

  /** The end of the stream. */
  end(): void {
    this.#advance(Infinity);
  }

  /** Late events so far, by stage. */
  late(): number[] {
    return this.#operators.map((operator) => operator.late);
  }

  /** What the stages hold. */
  state(give: (row: OracleRow) => void): void {
    for (const [index, operator] of this.#operators.entries()) operator.state(rowsOf(index, give));
  }

  /** One that knows the same and has a life of its own. */
  copy(output: (row: OracleRow) => void): Chain {
    const copy = new Chain(this.#workload, output);
    copy.#operators = this.#operators.map((operator, index) => operator.copy(copy.#emitOf(index, output)));
    copy.#events = this.#events;
    copy.#greatestTime = this.#greatestTime;
    return copy;
  }

  /** Where a stage's rows go: out, and to the next stage. */
  #emitOf(index: number, output: (row: OracleRow) => void): Give {
    const out = rowsOf(index, output);
    return (windowStart, windowEnd, key, numbers) => {
      out(windowStart, windowEnd, key, numbers);
      this.#give(index + 1, { key, time: windowEnd - 1, type: 0, numbers });
    };
  }

  #give(index: number, { key, time, type, numbers }: OracleEvent): void {
    const stage = this.#workload.stages[index];
    if (stage !== undefined) this.#operators[index]!.event({ key: key.slice(0, stage.keyPrefixBytes), time, type, numbers });
  }

  #advance(watermark: number): void {
    for (const operator of this.#operators) operator.advance(watermark);
  }
}

function rowsOf(index: number, give: (row: OracleRow) => void): Give {
  return (windowStart, windowEnd, key, numbers) => give({ stage: index + 1, windowStart, windowEnd, key, numbers });
}

function checkStages(stages: readonly Stage[]): void {
  for (const [index, stage] of stages.entries()) {
    const isOnly = stages.length === 1;
    if (stage.kind !== 'aggregate') {
      if (!isOnly) throw new RangeError(`a ${stage.kind} is a workload's only stage, not its stage ${index + 1} of ${stages.length}`);
    } else if (stage.window.kind === 'global') {
      if (!isOnly) throw new RangeError(`a global window is a workload's only stage, not its stage ${index + 1} of ${stages.length}`);
      if (stage.allowedLatenessMs > 0) throw new RangeError('nothing is late in a global window: it has no allowed lateness');
    } else if (stage.allowedLatenessMs > 0 && index < stages.length - 1) {
      throw new RangeError(`only the last stage may have allowed lateness, not stage ${index + 1} of ${stages.length}`);
    }
  }
}

function operatorOf(stage: Stage, previous: Stage | undefined, emit: Give): Operator {
  switch (stage.kind) {
    case 'aggregate':
      return aggregateOf(stage, previous, emit);
    case 'window-join':
      return new WindowJoinOperator(stage.window, pairOf(stage), emit);
    case 'interval-join':
      return new IntervalJoinOperator(stage, pairOf(stage), emit);
    case 'continuous-join':
      return new ContinuousJoinOperator(pairOf(stage), emit);
  }
}

function aggregateOf({ window, aggregate, allowedLatenessMs }: AggregateStage, previous: Stage | undefined, emit: Give): Operator {
  const mergesRows = previous?.kind === 'aggregate' && previous.aggregate.name === 'count-sum-min-max';
  const newKept = keptOf(aggregate, mergesRows);
  switch (window.kind) {
    case 'tumbling':
    case 'sliding':
      return new WindowOperator(window, allowedLatenessMs, newKept, emit);
    case 'session':
      return new SessionOperator(window.gapMs, allowedLatenessMs, newKept, emit);
    case 'global':
      return new GlobalOperator(newKept, emit);
  }
}
