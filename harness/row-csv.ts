/** The rows that processes or tasks have left in files, as one sorted CSV for anybody to read. */
import { type Stage, stageColumns } from '../workloads/contract.ts';
import { writeAtomically } from './atomic-file.ts';
import { sortedRows } from './pipeline/row-file-sink.ts';

/** @param files as the row file's sink writes them @returns how many rows there are */
export function writeRowCsv(stages: readonly Stage[], files: readonly string[], to: string): number {
  const rows = sortedRows(files);
  writeAtomically(to, Buffer.from(`${header(stages)}\n${rows.map((row) => `${row}\n`).join('')}`, 'latin1'));
  return rows.length;
}

/** Stages may give different numbers: the header names the columns of each place, once where they agree. */
function header(stages: readonly Stage[]): string {
  const columns = stages.map(stageColumns);
  const places = Math.max(...columns.map(({ length }) => length));
  const names = Array.from({ length: places }, (_, place) => {
    return [...new Set(columns.flatMap((names) => names[place] ?? []))].join('|');
  });
  return ['stage', 'window_start', 'window_end', 'key', ...names].join(',');
}
