/** The command line: reads as a table of contents of what statebench does. */
import { Command, CommanderError } from 'commander';
import { FAIL_VARIABLE, readFailPoint } from '../backends/checkpoints/fail-points.ts';
import { EXIT, messageOf, StatebenchError } from '../harness/errors.ts';
import { version } from '../harness/measure/environment.ts';
import { conformanceCommand } from './commands/conformance.ts';
import { describeCommand } from './commands/describe.ts';
import { doctorCommand } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { listCommand } from './commands/list.ts';
import { microCommand } from './commands/micro.ts';
import { migrateCommand } from './commands/migrate.ts';
import { outputCommand } from './commands/output.ts';
import { reportCommand } from './commands/report.ts';
import { resumeCommand } from './commands/resume.ts';
import { runCommand } from './commands/run.ts';
import { schemaCommand } from './commands/schema.ts';
import { selftestCommand } from './commands/selftest.ts';
import { serversCommand } from './commands/servers.ts';
import { traceCommand } from './commands/trace.ts';
import { endQuietlyOnBrokenPipe, flushed, sayError } from './console.ts';
import type { Finish } from './finish.ts';

const EXAMPLES = `statebench measures which state backend a keyed, windowed stream job should use.

Examples:
  npm start                                     measure every embedded backend, 3 blocks of 3 s
  statebench run --backend lmdb --backend sqlite --profile standard
  statebench run suite.json --dry-run           print the plan of a suite, run nothing
  statebench run --backend lmdb@big:mapSize=4gib --backend lmdb --batch-size 1,1000
  statebench run --backend ./my-backend.js --backend memory
  statebench conformance ./my-backend.js        does it keep the contract?
  statebench describe lmdb                      its options, with defaults and ranges
  statebench micro --operation valueGet         what single calls cost, memory against rocksdb
  statebench doctor                             is this machine fit to measure on?
`;

/** Runs one command line and ends the process with its exit code. Never rejects. */
export async function statebench(args: readonly string[]): Promise<never> {
  endQuietlyOnBrokenPipe();
  if (args.includes('--debug')) process.env.STATEBENCH_DEBUG = '1';
  let code: number = EXIT.ok;
  const program = makeProgram((finished) => {
    code = finished;
  });
  try {
    checkFailPoint();
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    // Commander has said already what was wrong; help and version end this way too, with 0.
    if (error instanceof CommanderError) code = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else code = sayError(error);
  }
  await flushed();
  // Addons and sockets of a failed backend may hold the process open.
  process.exit(code);
}

/** @throws StatebenchError `bad-value` if the environment asks for a fault that there is not: before any work, not amid it. */
function checkFailPoint(): void {
  const { [FAIL_VARIABLE]: setting } = process.env;
  if (setting === undefined) return;
  try {
    readFailPoint(setting);
  } catch (cause) {
    throw new StatebenchError('bad-value', messageOf(cause), { cause });
  }
}

function makeProgram(finish: Finish): Command {
  const program = new Command('statebench')
    .version(version())
    .addHelpText('beforeAll', (context) => (context.command.parent === null ? EXAMPLES : ''))
    .option('--debug', 'show where an error came from')
    .showHelpAfterError('(statebench --help shows examples and commands)')
    .exitOverride()
    // Help is for people; the version is data.
    .configureOutput({
      writeOut: (text) => void (text === `${version()}\n` ? process.stdout : process.stderr).write(text),
      writeErr: (text) => void process.stderr.write(text),
    });
  const commands = [
    runCommand,
    resumeCommand,
    reportCommand,
    exportCommand,
    outputCommand,
    microCommand,
    migrateCommand,
    traceCommand,
    listCommand,
    describeCommand,
    conformanceCommand,
    doctorCommand,
    selftestCommand,
    serversCommand,
    schemaCommand,
  ];
  for (const make of commands) {
    const command = make(finish);
    for (const each of [command, ...command.commands])
      each.copyInheritedSettings(program).option('--debug', 'show where an error came from');
    program.addCommand(command);
  }
  return program;
}
