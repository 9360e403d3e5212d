/** The right output of the workloads of a run, computed once for all cells that end a stream at the same event. */
import { StatebenchError } from './errors.ts';
import type { PlannedCell } from './plan.ts';
import { runChild } from './trial/child.ts';
import { sweepEnd } from './trial/interval-sweep.ts';
import { latencyEnd } from './trial/latency-run.ts';
import { BASE_TIMEOUT_MS } from './trial/pipeline-rate.ts';
import type { Expected, LatencyPlan, StreamPlan } from './trial/tasks.ts';
import type { TrialRequest } from './trial/trial.ts';

/** What the oracle may take, large states included. */
const ORACLE_MS_PER_EVENT_MAX = 0.1;

export interface AnswersRequest {
  /** Of the events. */
  readonly seed: number;
  /** Whether the checkpoint interval is swept. */
  readonly swept: boolean;
  readonly signal: AbortSignal;
}

/** A cell with the work that its trials do. */
export interface Worked {
  readonly planned: PlannedCell;
  readonly stream: StreamPlan;
  /** Null where no open loop is run. */
  readonly latency: LatencyPlan | null;
}

export class Answers {
  readonly #request: AnswersRequest;
  /** By workload, then by event. */
  readonly #known = new Map<string, Map<number, Expected>>();

  constructor(request: AnswersRequest) {
    this.#request = request;
  }

  /** Sees that a workload can be answered at all. @throws StatebenchError or WorkloadError if it has no events, or no oracle */
  async check(workload: PlannedCell['workload']): Promise<void> {
    await this.#compute(workload, []);
  }

  /** Computes what is not known yet of what these cells' trials take. @throws as {@link check}, and `oracle-timeout` */
  async prepare(cells: readonly Worked[]): Promise<void> {
    const candidates = cells.filter(({ planned }) => planned.cell.role === 'candidate');
    for (const [name, workload] of new Map(candidates.map(({ planned }) => [planned.workload.name, planned.workload]))) {
      const known = this.#known.get(name) ?? new Map<number, Expected>();
      this.#known.set(name, known);
      const ends = candidates.filter(({ planned }) => planned.workload.name === name).flatMap((one) => this.#endsOf(one));
      const unknown = [...new Set(ends)].filter((event) => !known.has(event)).sort((a, b) => a - b);
      if (unknown.length === 0) continue;
      for (const expected of await this.#compute(workload, unknown)) known.set(expected.atEvent, expected);
    }
  }

  /** What a trial of a cell has to come to. The cell was prepared. */
  of({ planned, stream, latency }: Worked): NonNullable<TrialRequest['expected']> {
    const known = this.#known.get(planned.workload.name);
    const at = (event: number): Expected => {
      const expected = known?.get(event);
      if (expected === undefined) throw new StatebenchError('harness', `the oracle was not asked for event ${event} of ${planned.cell.id}`);
      return expected;
    };
    const measured = stream.warmUp + stream.measured;
    return {
      measured: at(measured),
      total: at(measured + stream.tail),
      swept: this.#request.swept ? at(sweepEnd(stream)) : null,
      paced: latency && at(latencyEnd(latency)),
    };
  }

  #endsOf({ stream, latency }: Worked): readonly number[] {
    const measured = stream.warmUp + stream.measured;
    const swept = this.#request.swept ? [sweepEnd(stream)] : [];
    return [measured, measured + stream.tail, ...swept, ...(latency === null ? [] : [latencyEnd(latency)])];
  }

  async #compute(workload: PlannedCell['workload'], stops: readonly number[]): Promise<readonly Expected[]> {
    const { seed, signal } = this.#request;
    if (signal.aborted) return [];
    const timeoutMs = BASE_TIMEOUT_MS + (stops.at(-1) ?? 0) * ORACLE_MS_PER_EVENT_MAX;
    const { result, failure } = await runChild({ task: { kind: 'expect', workload, seed, stops }, phase: 'verify', timeoutMs, signal });
    if (signal.aborted) return [];
    if (result !== null && failure === null) return result;
    const { code, message } = failure ?? { code: 'no-result', message: 'the process ended without a result' };
    if (code === 'timeout') {
      const events = (stops.at(-1) ?? 0).toLocaleString('en');
      throw new StatebenchError(
        'oracle-timeout',
        `workload '${workload.name}': the independent answer for ${events} events took more than ${Math.round(timeoutMs / 1000)} s; end what else runs on this machine and go on with 'statebench resume', or take fewer keys or a shorter profile`,
      );
    }
    const known = code === 'missing-data' || code === 'bad-data' || code === 'impossible-settings' ? code : 'harness';
    throw new StatebenchError(known, `workload '${workload.name}': ${message}`);
  }
}
