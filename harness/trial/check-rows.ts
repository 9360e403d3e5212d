/** Compares the rows that `output` wrote with the oracle's. */
import { readFileSync } from 'node:fs';
import type { Workload } from '../../workloads/contract.ts';
import { create } from '../modules.ts';
import { oracleRows } from '../oracle/oracle.ts';
import { sortedLines } from '../pipeline/row-file-sink.ts';
import type { CheckRowsResult, CheckRowsTask } from './tasks.ts';

/** Reads the whole CSV and computes every row of the finite stream, naively. */
export async function checkRows({ workload: ref, seed, csv }: CheckRowsTask): Promise<CheckRowsResult> {
  const workload = await create<Workload>(ref);
  const source = await workload.source({ seed, endless: false });
  const rows = await oracleRows(workload, source, source.events);
  const expected = sortedLines(
    rows.map(({ stage, windowStart, windowEnd, key, numbers }) => {
      return [stage, windowStart, windowEnd, Buffer.from(key, 'latin1').toString('hex'), ...numbers].join(',');
    }),
  );
  const got = readFileSync(csv, 'latin1').split('\n').slice(1, -1);
  // A quoted key may hold line breaks.
  return compareLines(
    expected.flatMap((row) => row.split('\n')),
    got,
    rows.length,
  );
}

/** @param rows the oracle's rows, of which one may be several lines */
export function compareLines(expected: readonly string[], got: readonly string[], rows: number): CheckRowsResult {
  const length = Math.max(expected.length, got.length);
  let row = 0;
  while (row < length && expected[row] === got[row]) row++;
  if (row === length) return { rows, missing: 0, extra: 0, first: null };
  const left = new Map<string, number>();
  for (const line of expected) left.set(line, (left.get(line) ?? 0) + 1);
  let common = 0;
  for (const line of got) {
    const count = left.get(line) ?? 0;
    if (count === 0) continue;
    left.set(line, count - 1);
    common++;
  }
  return {
    rows,
    missing: expected.length - common,
    extra: got.length - common,
    first: { row: row + 1, expected: expected[row] ?? null, got: got[row] ?? null },
  };
}
