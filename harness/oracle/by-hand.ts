/** Workloads and events written out in a test, and what the oracle makes of them as lines to compare. */
import type {
  Aggregate,
  AggregateStage,
  HolisticAggregate,
  IncrementalAggregate,
  Source,
  Stage,
  WindowSpec,
  Workload,
} from '../../workloads/contract.ts';
import { EVENT_TYPE } from '../../workloads/contract.ts';
import { Chain, type OracleRow } from './chain.ts';
import { type OracleAnswer, oracle, oracleRows } from './oracle.ts';

/** An event of a stream of one type, or of `type`. Several numbers are a value and its payload. */
export type Event = readonly [key: string, time: number, value: number | readonly number[], type?: keyof typeof EVENT_TYPE];

/** A source of the events as written, all of one width. */
export function sourceOf(events: readonly Event[], keyBytes = 4): Source {
  const numbers = events.map(([, , value]) => (typeof value === 'number' ? [value] : value));
  const width = numbers[0]?.length ?? 1;
  let position = 0;
  return {
    keyBytes,
    width,
    events: events.length,
    get position() {
      return position;
    },
    seek(to) {
      position = to;
    },
    fill(batch, limit) {
      const taken = events.slice(position, position + Math.min(limit, batch.capacity, 2)); // small fills, so that there are several
      batch.keys.fill(0);
      for (const [i, [key, time, , type]] of taken.entries()) {
        Buffer.from(batch.keys.buffer).write(key, i * keyBytes, 'latin1');
        batch.timestamps[i] = time;
        batch.types[i] = EVENT_TYPE[type ?? 'left'];
        batch.values.set(numbers[position + i]!, i * width);
      }
      batch.length = taken.length;
      position += taken.length;
      return taken.length;
    },
  };
}

export function workloadOf(stages: readonly Stage[], delayMs: number, everyEvents: number): Workload {
  return {
    name: 'by-hand',
    settings: {},
    watermark: { delayMs, everyEvents },
    stages,
    source: () => Promise.reject(new Error('the oracle is given its source')),
  };
}

export const tumbling = (sizeMs: number, offsetMs = 0) => ({ kind: 'tumbling', sizeMs, offsetMs }) as const;
export const sliding = (sizeMs: number, slideMs: number, panes = false) =>
  ({ kind: 'sliding', sizeMs, slideMs, offsetMs: 0, panes }) as const;
export const session = (gapMs: number) => ({ kind: 'session', gapMs }) as const;

/** An aggregate, over keys of four bytes unless it says otherwise. */
export function stageOf(window: WindowSpec, aggregate: Aggregate, { keyPrefixBytes = 4, allowedLatenessMs = 0 } = {}): AggregateStage {
  return { kind: 'aggregate', keyPrefixBytes, window, aggregate, allowedLatenessMs };
}

const notCalled = (): never => {
  throw new Error('the oracle computes by itself');
};

/** The description alone of an aggregate. */
export function incremental(
  name: string,
  columns: readonly string[],
  parameters: IncrementalAggregate['parameters'] = {},
): IncrementalAggregate {
  return {
    kind: 'incremental',
    name,
    parameters,
    inputWidth: 1,
    accumulatorWidth: 1,
    columns,
    fold: notCalled,
    emit: notCalled,
    merge: notCalled,
  };
}

/** The description alone of an aggregate that sees all elements. */
export function holistic(name: string, columns: readonly string[]): HolisticAggregate {
  return { kind: 'holistic', name, parameters: {}, inputWidth: 1, columns, reduce: notCalled };
}

export const COUNT_SUM_MIN_MAX = incremental('count-sum-min-max', ['count', 'sum', 'min', 'max']);
export const MEDIAN = holistic('median', ['count', 'median']);

/** All rows up to the end of the stream, in the order they come out: stage, start, end, key, numbers. */
export async function rowsOf(workload: Workload, events: readonly Event[]): Promise<string[]> {
  return (await oracleRows(workload, sourceOf(events), events.length)).map(lineOf);
}

/** What came out, what is held and how many were late after the events, the stream not being at its end. */
export function after(
  workload: Workload,
  events: readonly Event[],
): { readonly rows: string[]; readonly held: string[]; readonly late: number[] } {
  const rows: string[] = [];
  const held: string[] = [];
  const chain = new Chain(workload, (row) => rows.push(lineOf(row)));
  for (const [key, time, value, type] of events) {
    chain.event({ key, time, type: EVENT_TYPE[type ?? 'left'], numbers: typeof value === 'number' ? [value] : value });
  }
  chain.state((row) => held.push(lineOf(row)));
  return { rows, held, late: chain.late() };
}

export async function answersOf(workload: Workload, events: readonly Event[], stops: readonly number[]): Promise<OracleAnswer[]> {
  const answers: OracleAnswer[] = [];
  for await (const answer of oracle(workload, sourceOf(events), stops)) answers.push(answer);
  return answers;
}

function lineOf({ stage, windowStart, windowEnd, key, numbers }: OracleRow): string {
  return [stage, windowStart, windowEnd, key, ...numbers].join(' ');
}
