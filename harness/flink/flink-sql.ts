/**
 * A workload as SQL for Flink: stages over tumbling windows with count, sum, minimum and maximum, as one job over a CSV of the events.
 * What SQL does not say (lists, sessions that merge as ours, rows of global windows) is for the DataStream job.
 */
import type { AggregateStage, Workload } from '../../workloads/contract.ts';
import { StatebenchError } from '../errors.ts';

/** Columns of the CSV: the first stage's key, the value, the event time in ms. */
export const SQL_COLUMNS = ['k', 'v', 't'] as const;

export interface WorkloadSql {
  /** To be executed in turn, in one session. */
  readonly tables: readonly string[];
  /** Starts the job: the rows of the last stage, as JSON of `k`, `ws` (start, `YYYY-MM-DD hh:mm:ss[.SSS]Z`), `cnt`, `s`, `mn`, `mx`. */
  readonly insert: string;
}

/**
 * @param events URL of the CSV, or of a folder of such
 * @param rows URL of the folder for the rows
 * @throws StatebenchError `impossible-settings` if the workload has another kind of stage
 */
export function workloadSql(
  { name, stages, watermark }: Workload,
  { events, rows }: { readonly events: string; readonly rows: string },
): WorkloadSql {
  const windowed = stages.map((stage) => {
    const isSaid =
      stage.kind === 'aggregate' &&
      stage.window.kind === 'tumbling' &&
      stage.window.offsetMs === 0 &&
      stage.aggregate.name === 'count-sum-min-max' &&
      stage.allowedLatenessMs === 0;
    if (isSaid) return stage;
    throw new StatebenchError(
      'impossible-settings',
      `workload '${name}' has a stage that is not told in SQL here: it takes tumbling windows from multiples of their size, count-sum-min-max and no allowed lateness`,
    );
  });
  const source = `CREATE TEMPORARY TABLE events (k STRING, v DOUBLE, t BIGINT, ts AS TO_TIMESTAMP_LTZ(t, 3), WATERMARK FOR ts AS ts - ${interval(watermark.delayMs)}) WITH ('connector'='filesystem', 'path'='${quoted(events)}', 'format'='csv')`;
  const sink = `CREATE TEMPORARY TABLE stage_rows (k STRING, ws TIMESTAMP_LTZ(3), cnt DOUBLE, s DOUBLE, mn DOUBLE, mx DOUBLE) WITH ('connector'='filesystem', 'path'='${quoted(rows)}', 'format'='json')`;
  const views = windowed.map((stage, index) => `CREATE TEMPORARY VIEW stage_${index + 1} AS ${selectOf(stage, index)}`);
  return {
    tables: [source, sink, ...views],
    insert: `INSERT INTO stage_rows SELECT k, CAST(ws AS TIMESTAMP_LTZ(3)), cnt, s, mn, mx FROM stage_${stages.length}`,
  };
}

/** A stage's rows are stamped with the end of their window less 1 ms, which is what `window_time` is. */
function selectOf({ keyPrefixBytes, window }: AggregateStage, index: number): string {
  const key = keyPrefixBytes === 0 ? "''" : `SUBSTRING(k FROM 1 FOR ${keyPrefixBytes})`;
  const [input, time] = index === 0 ? ['events', 'ts'] : [`stage_${index}`, 'rt'];
  const numbers =
    index === 0
      ? 'CAST(COUNT(*) AS DOUBLE) AS cnt, SUM(v) AS s, MIN(v) AS mn, MAX(v) AS mx'
      : 'SUM(cnt) AS cnt, SUM(s) AS s, MIN(mn) AS mn, MAX(mx) AS mx';
  const size = 'sizeMs' in window ? window.sizeMs : 0;
  return `SELECT ${key} AS k, window_start AS ws, window_time AS rt, ${numbers} FROM TABLE(TUMBLE(TABLE ${input}, DESCRIPTOR(${time}), ${interval(size)})) GROUP BY ${key}, window_start, window_end, window_time`;
}

/** Days and time of day: seconds alone may have two digits. */
function interval(ms: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const time = [ms / 3_600_000, ms / 60_000, ms / 1000].map((value, place) => two(place === 0 ? value % 24 : value % 60)).join(':');
  return `INTERVAL '${Math.floor(ms / 86_400_000)} ${time}.${String(ms % 1000).padStart(3, '0')}' DAY TO SECOND(3)`;
}

/** In a string of SQL. */
function quoted(text: string): string {
  return text.replaceAll("'", "''");
}
