/** The command line: reads as a table of contents of what statebench does. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { FAIL_MARK_VARIABLE, FAIL_VARIABLE, readFailPoint } from '../backends/checkpoints/fail-points.ts';
import { EXIT, messageOf, StatebenchError } from '../harness/errors.ts';
import { version } from '../harness/measure/environment.ts';
import { endQuietlyOnBrokenPipe, flushed, sayError } from './console.ts';
import type { Finish } from './finish.ts';

/** Every command, in the order of the help. What one needs is loaded when it is named: that is most of the time to an answer. */
const COMMANDS: Readonly<Record<string, () => Promise<(finish: Finish) => Command>>> = {
  run: async () => (await import('./commands/run.ts')).runCommand,
  resume: async () => (await import('./commands/resume.ts')).resumeCommand,
  report: async () => (await import('./commands/report.ts')).reportCommand,
  compare: async () => (await import('./commands/compare.ts')).compareCommand,
  recommend: async () => (await import('./commands/recommend.ts')).recommendCommand,
  export: async () => (await import('./commands/export.ts')).exportCommand,
  output: async () => (await import('./commands/output.ts')).outputCommand,
  micro: async () => (await import('./commands/micro.ts')).microCommand,
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand,
  trace: async () => (await import('./commands/trace.ts')).traceCommand,
  list: async () => (await import('./commands/list.ts')).listCommand,
  describe: async () => (await import('./commands/describe.ts')).describeCommand,
  conformance: async () => (await import('./commands/conformance.ts')).conformanceCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  selftest: async () => (await import('./commands/selftest.ts')).selftestCommand,
  servers: async () => (await import('./commands/servers.ts')).serversCommand,
  schema: async () => (await import('./commands/schema.ts')).schemaCommand,
};

const EXAMPLES = `statebench measures which state backend a keyed, windowed stream job should use.

Examples:
  npm start                               measure every embedded backend
  statebench run --backend lmdb --backend sqlite --profile standard
  statebench run suite.json --dry-run     print the plan of a suite, run nothing
  statebench run --backend lmdb@big:mapBytes=4gib --backend lmdb
  statebench run --backend ./my-backend.js --backend memory
  statebench recommend DIR --need 'p99<=20ms' --need 'rss<=1GB'
  statebench conformance ./my-backend.js  does it keep the contract?
  statebench compare A B --fail-on 'throughput<-5%'   exit 4 if B is worse
  statebench describe lmdb                its options, with defaults and ranges
  statebench micro --operation valueGet   single calls, memory against rocksdb
  statebench doctor                       is this machine fit to measure on?
`;

/** Runs one command line and ends the process with its exit code. Never rejects. */
export async function statebench(args: readonly string[]): Promise<never> {
  endQuietlyOnBrokenPipe();
  const code = await commandLine(args);
  await flushed();
  // Addons and sockets of a failed backend may hold the process open.
  process.exit(code);
}

/** Runs one command line. Never rejects. @returns what to exit with */
export async function commandLine(args: readonly string[]): Promise<number> {
  if (args.includes('--debug')) process.env.STATEBENCH_DEBUG = '1';
  let code: number = EXIT.ok;
  try {
    using fault = expectFault();
    const program = await makeProgram(args, (finished) => {
      code = finished;
    });
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: 'user' });
    if (code === EXIT.ok && args.length > 0) fault.check();
    return code;
  } catch (error) {
    // Commander has said already what was wrong; help and version end this way too, with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return sayError(error);
  }
}

/**
 * Watches for the fault that the environment asks for, in this process and in all that it starts. `check` throws if it never happened.
 * @throws StatebenchError `bad-value` if there is no such fault, before any work
 */
function expectFault(): Disposable & { check(): void } {
  const { [FAIL_VARIABLE]: setting } = process.env;
  if (setting === undefined) return { check() {}, [Symbol.dispose]() {} };
  try {
    readFailPoint(setting);
  } catch (cause) {
    throw new StatebenchError('bad-value', messageOf(cause), { cause });
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'statebench-fault-'));
  const mark = path.join(folder, 'reached');
  process.env[FAIL_MARK_VARIABLE] = mark;
  return {
    check() {
      if (existsSync(mark)) return;
      throw new StatebenchError(
        'bad-value',
        `${FAIL_VARIABLE}=${setting} never happened: no process passed that point so often; name an earlier pass, a command that cuts checkpoints, or unset it`,
      );
    },
    [Symbol.dispose]() {
      delete process.env[FAIL_MARK_VARIABLE];
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function makeProgram(args: readonly string[], finish: Finish): Promise<Command> {
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
  // Help, and what to say of a command that there is not, take them all.
  const named = args.find((word) => !word.startsWith('-'));
  const wanted = named !== undefined && Object.hasOwn(COMMANDS, named) ? [named] : Object.keys(COMMANDS);
  for (const make of await Promise.all(wanted.map((name) => COMMANDS[name]!()))) {
    const command = make(finish);
    for (const each of [command, ...command.commands])
      each.copyInheritedSettings(program).option('--debug', 'show where an error came from');
    program.addCommand(command);
  }
  return program;
}
