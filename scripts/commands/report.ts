/** `statebench report`: draws the report of a results folder anew. */
import path from 'node:path';
import { Command } from 'commander';
import { EXIT } from '../../harness/errors.ts';
import { renderMicroTerminal } from '../../reports/micro-terminal.ts';
import { renderTerminal, terminalOptions } from '../../reports/terminal.ts';
import { say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { REPORT, readFolder, writePage } from '../results-folder.ts';

export function reportCommand(finish: Finish): Command {
  return new Command('report')
    .description('draw the report of a results folder, and print its ranking')
    .argument('<folder>', 'what a run wrote')
    .option('--to <file>', `the HTML to write; default: ${REPORT} in the folder`)
    .action(async (folder: string, { to = path.join(folder, REPORT) }: { to?: string }) => {
      const found = await readFolder(folder);
      await writePage(found, to);
      const terminal = terminalOptions(process.env, process.stderr.columns, process.stderr.isTTY === true);
      if (found.results !== null) say(renderTerminal(found.results, terminal));
      if (found.micro !== null) say(renderMicroTerminal(found.micro, terminal));
      say(`report: ${to}`);
      finish(EXIT.ok);
    });
}
