/** `statebench report`: draws the report of results folders anew. */
import path from 'node:path';
import { Command } from 'commander';
import { EXIT, type ExitCode, exitCodeOf, messageOf, StatebenchError } from '../../harness/errors.ts';
import { renderMicroTerminal } from '../../reports/micro-terminal.ts';
import type { RunOfPage } from '../../reports/page/page.ts';
import { renderTerminal, type TerminalOptions, terminalOptions } from '../../reports/terminal.ts';
import { say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { REPORT, readFolder, writePage, writeResult } from '../results-folder.ts';

interface Flags {
  readonly to?: string;
  readonly plain?: boolean;
}

export function reportCommand(finish: Finish): Command {
  return new Command('report')
    .description('draw the report of a results folder, and print its ranking; of several, also of other machines, in one page')
    .argument('<folder...>', 'what a run wrote')
    .option('--to <file>', `the HTML to write; default: ${REPORT} in the folder`)
    .option('--plain', 'the ranking without colours and without characters beyond ASCII')
    .action(async (folders: readonly string[], { to, plain }: Flags) => {
      const found = terminalOptions(process.env, process.stderr.columns, process.stderr.isTTY === true);
      const terminal = plain ? { ...found, color: false, unicode: false } : found;
      const [first, ...others] = folders as [string, ...string[]];
      finish(others.length === 0 ? await one(first, to ?? path.join(first, REPORT), terminal) : await several(folders, to, terminal));
    });
}

async function one(folder: string, to: string, terminal: TerminalOptions): Promise<ExitCode> {
  const found = await readFolder(folder);
  await writePage(found, to);
  if (found.results !== null) say(renderTerminal(found.results, terminal));
  if (found.micro !== null) say(renderMicroTerminal(found.micro, terminal));
  say(`report: ${to}`);
  return EXIT.ok;
}

/** One page of those that are whole; the others are named, and the command then ends as the first of them says. */
async function several(folders: readonly string[], to: string | undefined, terminal: TerminalOptions): Promise<ExitCode> {
  if (to === undefined)
    throw new StatebenchError(
      'bad-command-line',
      'a report of several folders goes into none of them: name the file to write with --to report.html',
    );
  const runs: RunOfPage[] = [];
  let code: ExitCode = EXIT.ok;
  for (const folder of folders) {
    try {
      const { results, micro } = await readFolder(folder);
      if (results === null)
        throw new StatebenchError('results-missing', `${folder} holds the micro-suite alone; draw its report by itself`);
      runs.push({ results, micro });
      say(`${folder}\n${renderTerminal(results, terminal)}`);
    } catch (error) {
      say(`statebench: left out: ${folder}: ${messageOf(error)}`);
      if (code === EXIT.ok) code = exitCodeOf(error);
    }
  }
  if (runs.length === 0) throw new StatebenchError('results-missing', 'none of these folders holds results that can be read');
  const { renderRuns } = await import('../../reports/page/page.ts');
  writeResult(to, await renderRuns(runs));
  say(`report: ${to}`);
  return code;
}
