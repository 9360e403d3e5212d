/** `statebench export`: the table of a run for a spreadsheet, a document or a program. */
import { Command } from 'commander';
import { EXIT } from '../../harness/errors.ts';
import { cellTable } from '../../reports/cell-table.ts';
import { readResults } from '../../reports/read-results.ts';
import { summarise } from '../../reports/statistics/summary.ts';
import { say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { writeResult } from '../results-folder.ts';
import { tableForm } from '../table-form.ts';

export function exportCommand(finish: Finish): Command {
  return new Command('export')
    .description('write the table of a results folder as CSV, Markdown or JSON')
    .argument('<folder>', 'what a run wrote')
    .requiredOption('--to <file>', 'the file to write, .csv, .md or .json')
    .action(async (folder: string, { to }: { to: string }) => {
      const write = tableForm(to, []);
      const { plan, trials } = await readResults(folder);
      writeResult(to, write(cellTable(summarise(plan, trials))));
      say(`written to ${to}`);
      finish(EXIT.ok);
    });
}
