/** `statebench report`: draws the report of a results folder anew. */
import path from 'node:path';
import { Command } from 'commander';
import { EXIT } from '../../harness/errors.ts';
import { readResults } from '../../reports/read-results.ts';
import { renderTerminal, terminalOptions } from '../../reports/terminal.ts';
import { say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { REPORT, writePage } from '../results-folder.ts';

export function reportCommand(finish: Finish): Command {
  return new Command('report')
    .description('draw the report of a results folder, and print its ranking')
    .argument('<folder>', 'what a run wrote')
    .option('--to <file>', `the HTML to write; default: ${REPORT} in the folder`)
    .action(async (folder: string, { to = path.join(folder, REPORT) }: { to?: string }) => {
      const results = await readResults(folder);
      await writePage(results, to);
      say(renderTerminal(results, terminalOptions(process.env, process.stderr.columns, process.stderr.isTTY === true)));
      say(`report: ${to}`);
      finish(EXIT.ok);
    });
}
