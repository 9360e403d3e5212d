/** Whether what our pipeline shows of backends holds on Flink too: both beside each other, from one run. */
import { nameOf, outputMark, rangeOf, timesOf } from '../decision.ts';
import { rounded, uncertainty, unitFor } from '../quantity.ts';
import { type PairedRatio, pairedRatio } from '../statistics/ratio.ts';
import { type CellSummary, type GroupSummary, isFlink, throughputByBlock, throughputOf } from '../statistics/summary.ts';
import type { Table } from '../table.ts';

/** What to know when figures of both are read side by side. */
export const BRIDGE_NOTE =
  'Flink takes events one by one, writes every record into bytes between its tasks and, with rocksdb or forst, at every access to state; it keeps a timer for each key and window, and sends records through its network stack and to a thread of the next stage. Our pipeline takes micro-batches in flat memory, in one thread, and fires a window by one scan. A factor between the engines is therefore none between stores: what carries over, or not, is the order of the stores and the ratio between them.';

export interface Bridge {
  /** A sentence on the order, then the ratios it rests on. */
  readonly answer: string;
  readonly verdict: 'carries-over' | 'reversed' | 'unresolved' | 'not-comparable';
  readonly table: Table;
}

/** Memory of our pipeline is to RocksDB what the heap of Flink is to its RocksDB. */
const PEERS = { memory: 'hashmap', disk: 'rocksdb' } as const;

/** Null where a group has no cell of Flink. */
export function bridgeOf(group: GroupSummary): Bridge | null {
  const cells = group.candidates.filter((cell) => !cell.isTwin);
  const flink = cells.filter(isFlink);
  if (flink.length === 0) return null;
  const own = cells.filter((cell) => !isFlink(cell));
  const here = ratioOf(find(own, isNamed('memory')), find(own, isNamed('rocksdb')));
  const there = ratioOf(find(flink, hasState(PEERS.memory)), find(flink, hasState(PEERS.disk)));
  return { ...answerOf(here, there), table: tableOf([...own, ...flink]) };
}

const isNamed =
  (base: string) =>
  ({ cell }: CellSummary): boolean =>
    cell.backend.name === base || cell.backend.name.startsWith(`${base}@`);

const hasState =
  (state: string) =>
  ({ cell }: CellSummary): boolean =>
    cell.backend.settings.state === state;

/** Of several variants the first, which is the best: candidates come in that order. Only of those whose output was right. */
function find(cells: readonly CellSummary[], suits: (cell: CellSummary) => boolean): CellSummary | null {
  return cells.find((cell) => cell.standing === 'correct' && suits(cell)) ?? null;
}

function ratioOf(memory: CellSummary | null, disk: CellSummary | null): PairedRatio | null {
  return memory === null || disk === null ? null : pairedRatio(throughputByBlock(memory), throughputByBlock(disk));
}

function answerOf(here: PairedRatio | null, there: PairedRatio | null): Pick<Bridge, 'answer' | 'verdict'> {
  if (here === null || there === null) {
    return {
      verdict: 'not-comparable',
      answer:
        'Whether the order carries over to Flink cannot be told: that takes memory and rocksdb, and flink:hashmap and flink:rocksdb, all with the right output.',
    };
  }
  const told = `Memory is ${timesOf(here, false)} times as fast as RocksDB in our pipeline (95 %: ${rangeOf(here, false)}), and ${timesOf(there, false)} times on Flink (${rangeOf(there, false)}).`;
  const [a, b] = [directionOf(here), directionOf(there)];
  if (a === 0 || b === 0) {
    return {
      verdict: 'unresolved',
      answer: `These data do not decide whether the order carries over to Flink: it takes an interval that excludes 1 in both. ${told}`,
    };
  }
  if (a === b) return { verdict: 'carries-over', answer: `The order of memory and RocksDB carries over to Flink. ${told}` };
  return {
    verdict: 'reversed',
    answer: `The order of memory and RocksDB does not carry over to Flink: it is the other way round there. ${told}`,
  };
}

function directionOf({ interval }: PairedRatio): -1 | 0 | 1 {
  if (interval === null) return 0;
  if (interval.low > 1) return 1;
  return interval.high < 1 ? -1 : 0;
}

function tableOf(cells: readonly CellSummary[]): Table {
  const rates = unitFor(
    'rate',
    cells.flatMap((cell) => throughputOf(cell) ?? []),
  );
  const perCore = unitFor(
    'rate',
    cells.flatMap((cell) => eventsPerCpuSecond(cell) ?? []),
  );
  return {
    columns: [
      { key: 'backend', title: 'Backend' },
      { key: 'engine', title: 'Engine' },
      { key: 'tier', title: 'Tier in it' },
      { key: 'throughput', title: rates.unit },
      { key: 'per_core', title: `${perCore.unit} of processor time` },
      { key: 'pause', title: 'Pause, ms' },
      { key: 'restore', title: 'Restore, ms' },
      { key: 'output', title: 'Output' },
    ],
    rows: cells.map((cell) => {
      const { eventsPerSecond, pauseMs, restoreMs } = cell.metrics;
      const mean = throughputOf(cell);
      const half = eventsPerSecond === null ? null : uncertainty(eventsPerSecond);
      const core = eventsPerCpuSecond(cell);
      return [
        nameOf(cell),
        isFlink(cell) ? 'Flink' : 'ours',
        cell.tier,
        mean === null ? null : rounded(mean / rates.divisor, half === null ? null : half / rates.divisor),
        core === null ? null : rounded(core / perCore.divisor, null),
        pauseMs === null ? null : rounded(pauseMs.mean, null),
        restoreMs === null ? null : rounded(restoreMs.mean, null),
        outputMark(cell),
      ];
    }),
  };
}

/** What one core would do: all threads of the processes that run the job count, those that compile and collect garbage too. */
function eventsPerCpuSecond({ metrics }: CellSummary): number | null {
  const ns = metrics.cpuNsPerEvent?.mean ?? null;
  return ns === null || ns === 0 ? null : 1e9 / ns;
}
