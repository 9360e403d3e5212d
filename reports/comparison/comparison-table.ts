import { plainText } from '../plain-text.ts';
import type { Sample } from '../statistics/sample.ts';
import type { Column, Table, Value } from '../table.ts';
import type { ComparedCell, ComparedGroup, ComparedValue, RunComparison } from './compare-runs.ts';
import { COMPARED_METRICS, type ComparedMetric } from './compared-metrics.ts';
import { middleOf, troubleOf, wordOf } from './comparison-text.ts';

/** A metric of a backend in both runs, null where only a gate names it; null where the backend is not compared. */
interface Line {
  readonly group: ComparedGroup;
  readonly cell: ComparedCell;
  readonly value: { readonly metric: ComparedMetric; readonly compared: ComparedValue | null } | null;
  readonly gates: string;
}

const UNITS = { rate: 'events/s', time: 'ms', bytes: 'bytes', nanoseconds: 'ns', share: '' } as const;
const DIGITS = 4;

const short = (value: number | null | undefined): number | null => (value == null ? null : Number(value.toPrecision(DIGITS)));
const ofRun = (letter: 'a' | 'b'): Columns => {
  const sample = ({ value }: Line): Sample | null => value?.compared?.[letter] ?? null;
  const middle = (found: Sample | null) => (found === null ? null : middleOf(found));
  const name = letter.toUpperCase();
  return [
    { key: letter, title: name, value: (line) => short(middle(sample(line))) },
    { key: `${letter}_low`, title: `${name}, 95 % from`, value: (line) => short(sample(line)?.interval?.low) },
    { key: `${letter}_high`, title: `${name}, 95 % to`, value: (line) => short(sample(line)?.interval?.high) },
    { key: `${letter}_blocks`, title: `${name}, blocks`, value: ({ cell }) => cell.blocks[letter] },
  ];
};

type Columns = readonly (Column & { readonly value: (line: Line) => Value })[];

const COLUMNS: Columns = [
  { key: 'workload', title: 'Workload', value: ({ group }) => plainText(group.workload) },
  { key: 'storage', title: 'Checkpoint storage', value: ({ group }) => plainText(group.storage) },
  { key: 'batch_size', title: 'Batch size, events', value: ({ group }) => group.batchSize },
  { key: 'parallelism', title: 'Processes', value: ({ group }) => group.parallelism },
  { key: 'backend', title: 'Backend', value: ({ cell }) => plainText(cell.backend) },
  { key: 'role', title: 'Role', value: ({ cell }) => cell.role },
  { key: 'metric', title: 'Metric', value: ({ value }) => value?.metric.title ?? null },
  { key: 'unit', title: 'Unit', value: ({ value }) => (value === null ? null : UNITS[value.metric.kind]) },
  ...ofRun('a'),
  ...ofRun('b'),
  { key: 'ratio', title: 'B / A', value: ({ value }) => short(value?.compared?.ratio?.ratio) },
  { key: 'ratio_low', title: 'B / A, from', value: ({ value }) => short(value?.compared?.ratio?.interval?.low) },
  { key: 'ratio_high', title: 'B / A, to', value: ({ value }) => short(value?.compared?.ratio?.interval?.high) },
  {
    key: 'verdict',
    title: 'Verdict',
    value: ({ value }) => (value?.compared == null ? null : wordOf(value.metric, value.compared.verdict)),
  },
  {
    key: 'detectable_difference',
    title: 'Smallest difference found in 9 of 10 repetitions, fraction',
    value: ({ value }) => short(value?.compared?.verdict.detectable),
  },
  { key: 'gates', title: 'Gates', value: ({ gates }) => (gates === '' ? null : gates) },
  { key: 'reason', title: 'Not compared', value: ({ cell, value }) => (value === null ? troubleOf(cell) : null) },
];

/** A row a backend and metric, every figure in its base unit, to 4 significant digits: what is exported. */
export function comparisonTable({ groups, gates }: RunComparison): Table {
  const rows = groups.flatMap((group, index) =>
    group.cells.flatMap((cell) => {
      const own = gates.filter((one) => one.group === index && one.backend === cell.backend);
      const line = (value: Line['value']): readonly Value[] => {
        const told = own
          .filter((one) => value === null || one.metric === value.metric.key)
          .map(({ gate, state }) => `${plainText(gate)}: ${state}`)
          .join('; ');
        return COLUMNS.map((column) => column.value({ group, cell, value, gates: told }));
      };
      if (cell.values.length === 0) return [line(null)];
      return COMPARED_METRICS.flatMap((metric) => {
        const compared = cell.values.find((one) => one.metric === metric.key) ?? null;
        const isTold = compared !== null || own.some((one) => one.metric === metric.key);
        return isTold ? [line({ metric, compared })] : [];
      });
    }),
  );
  return { columns: COLUMNS.map(({ key, title }) => ({ key, title })), rows };
}
