import { nameOf, outputMark, rangeOf, timesOf } from './decision.ts';
import { percent, rounded, uncertainty, unitFor } from './quantity.ts';
import type { SpeedUp, SpeedUps } from './statistics/speed-up.ts';
import { isFlink, throughputOf } from './statistics/summary.ts';
import type { Table, Value } from './table.ts';

const OF_PROCESSES =
  'Processes exchange nothing. Source: the share of their time in which they made events. Each makes all events of the stream and throws away those of the others. A micro-batch ends where the watermark advances, so that those of several processes are smaller.';
const OF_TASKS =
  'On Flink they are tasks of one job, which send each other events; source and windows of one task are threads of their own, which use more than one core already, unless it is chained.';

/** What to know when reading the table. */
export function speedUpNote({ rows }: SpeedUps): string {
  const onFlink = rows.filter(({ cell }) => isFlink(cell)).length;
  return [...(onFlink < rows.length ? [OF_PROCESSES] : []), ...(onFlink > 0 ? [OF_TASKS] : [])].join(' ');
}

/** A row a backend and number of processes, as text: page and terminal say the same. */
export function speedUpTable({ base, rows }: SpeedUps): Table {
  const shown = rows.flatMap(({ cell }) => throughputOf(cell) ?? []);
  // The slowest decides: more digits of the fastest do no harm, fewer of the slowest would.
  const rate = unitFor('rate', [Math.min(...shown)]);
  const columns: readonly { readonly key: string; readonly title: string; readonly value: (row: SpeedUp) => Value }[] = [
    { key: 'backend', title: 'Backend', value: ({ cell }) => `${nameOf(cell)}${cell.cell.role === 'harness-cost' ? ' (harness)' : ''}` },
    { key: 'processes', title: 'Processes', value: ({ cell }) => String(cell.cell.parallelism) },
    {
      key: 'throughput',
      title: { 1: 'events/s', 1000: 'k events/s', 1000000: 'M events/s' }[rate.divisor] ?? rate.unit,
      value: ({ cell }) => {
        const mean = throughputOf(cell);
        if (mean === null || cell.standing === 'wrong') return null;
        const half = uncertainty(cell.metrics.eventsPerSecond!);
        return rounded(mean / rate.divisor, half === null ? null : half / rate.divisor);
      },
    },
    { key: 'ratio', title: `× of ${base}`, value: ({ ratio }) => (ratio === null ? null : timesOf(ratio, false)) },
    { key: 'interval', title: '95 %', value: ({ ratio }) => (ratio?.interval == null ? null : rangeOf(ratio, false)) },
    { key: 'output', title: 'Output', value: ({ cell }) => outputMark(cell) },
    { key: 'source', title: 'Source', value: ({ cell }) => share(cell.metrics.sourceShare?.mean) },
    { key: 'largest', title: 'Largest part', value: ({ cell }) => share(cell.metrics.largestPartShare?.mean) },
  ];
  return {
    columns: columns.map(({ key, title }) => ({ key, title })),
    rows: rows.map((row) => columns.map(({ value }) => value(row))),
  };
}

function share(fraction: number | undefined): Value {
  return fraction === undefined ? null : percent(fraction);
}
