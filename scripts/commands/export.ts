/** `statebench export`: the table of a run for a spreadsheet, a document or a program. */
import path from 'node:path';
import { Command } from 'commander';
import { EXIT, StatebenchError } from '../../harness/errors.ts';
import { cellTable } from '../../reports/cell-table.ts';
import { toCsv, toJson, toMarkdown } from '../../reports/export.ts';
import { readResults } from '../../reports/read-results.ts';
import { summarise } from '../../reports/statistics/summary.ts';
import type { Table } from '../../reports/table.ts';
import { say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { writeResult } from '../results-folder.ts';

const FORMS: Readonly<Record<string, (table: Table) => string>> = { '.csv': toCsv, '.md': toMarkdown, '.json': toJson };

export function exportCommand(finish: Finish): Command {
  return new Command('export')
    .description('write the table of a results folder as CSV, Markdown or JSON')
    .argument('<folder>', 'what a run wrote')
    .requiredOption('--to <file>', 'the file to write, .csv, .md or .json')
    .action(async (folder: string, { to }: { to: string }) => {
      const form = path.extname(to);
      const write = Object.hasOwn(FORMS, form) ? FORMS[form] : undefined;
      if (write === undefined)
        throw new StatebenchError('bad-command-line', `--to ${to}: the file's name ends in ${Object.keys(FORMS).join(', ')}`);
      const { plan, trials } = await readResults(folder);
      writeResult(to, write(cellTable(summarise(plan, trials))));
      say(`written to ${to}`);
      finish(EXIT.ok);
    });
}
