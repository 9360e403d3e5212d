/** `statebench micro`: what single operations on state cost, backend against backend. */
import path from 'node:path';
import { Command } from 'commander';
import { writeAtomically } from '../../harness/atomic-file.ts';
import { checkIsStore } from '../../harness/engine.ts';
import { EXIT, type ExitCode, StatebenchError } from '../../harness/errors.ts';
import { readEnvironment } from '../../harness/measure/environment.ts';
import { OPERATION_NAMES, OPERATIONS, RESCALES } from '../../harness/micro/operations.ts';
import { partsOf, runMicro } from '../../harness/micro/run-micro.ts';
import { loadBackend, refOf } from '../../harness/modules.ts';
import { withoutPasswords } from '../../harness/passwords.ts';
import { resultText } from '../../harness/result-text.ts';
import { type MicroResults, microSchema } from '../../harness/results.ts';
import { lockFolder } from '../../harness/run-lock.ts';
import { makeScratch, removeScratch, sweepScratch } from '../../harness/scratch.ts';
import { parseSpec } from '../../harness/spec.ts';
import { DEFAULT_SUITE } from '../../harness/suite.ts';
import { formatSeconds } from '../../harness/units.ts';
import { renderMicroTerminal } from '../../reports/micro-terminal.ts';
import { MICRO } from '../../reports/read-results.ts';
import { terminalOptions } from '../../reports/terminal.ts';
import { printJson, say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { gathered, gatheredWords, wholeNumber, wholeNumbers } from '../flags.ts';
import { availableOf, startServers } from '../measuring.ts';
import { defaultFolder, prepareMicroFolder, REPORT, readFolder, writePage } from '../results-folder.ts';
import { withoutServer } from '../servers/for-backend.ts';
import { listenForStop } from '../stop-signals.ts';
import { commandText } from './run.ts';

/** Of working states: four times what the largest state takes in the plainest of forms, and some. */
const DISK_BYTES_PER_KEY = 2000;
const DISK_BYTES = 256 * 2 ** 20;

interface Flags {
  readonly backend: readonly string[];
  /** Whether they were asked for by name, and so are missed. */
  readonly named: boolean;
  readonly operation?: readonly string[];
  readonly keys: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly batchSize: readonly number[];
  readonly blocks: number;
  readonly timeMs: number;
  readonly seed: number;
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function microCommand(finish: Finish): Command {
  return new Command('micro')
    .description("time the operations of Flink's state benchmarks on backends; memory and rocksdb if none is named")
    .option('--backend <spec>', 'what to measure, the first being what others are compared with; may be repeated', gathered)
    .option('--operation <names>', 'only these, with commas or repeated; default: all', gatheredWords(OPERATION_NAMES))
    .option('--keys <number>', 'keys in the state', wholeNumber(100), 500_000)
    .option('--key-bytes <number>', 'width of a key, a multiple of 4', wholeNumber(8), 8)
    .option('--value-bytes <number>', 'width of a value, a multiple of 4', wholeNumber(4), 8)
    .option('--batch-size <slots>', 'slots in a call; several with commas', wholeNumbers(1), [1, 1024])
    .option('--blocks <number>', 'how often every backend is measured; an interval takes 3', wholeNumber(1), 3)
    .option('--time-ms <number>', 'how long an operation is measured at every batch size in a block', wholeNumber(1), 250)
    .option('--seed <number>', 'decides the order of keys and backends', wholeNumber(0), DEFAULT_SUITE.seed)
    .option('--out <folder>', `where ${MICRO} and the report go, also beside a run; default: reports/out/<time>-micro`)
    .option('--json', `${MICRO} as one JSON document on stdout`)
    .option('-q, --quiet', 'say only what fails and how it ended')
    .action(async ({ backend, ...flags }: Partial<Pick<Flags, 'backend'>> & Omit<Flags, 'backend' | 'named'>) => {
      finish(await micro({ ...flags, backend: backend ?? ['memory', 'rocksdb'], named: backend !== undefined }));
    });
}

async function micro(flags: Flags): Promise<ExitCode> {
  using stop = listenForStop();
  const startedAt = new Date();
  const settings = settingsOf(flags);
  const { values: modules, unavailable } = await availableOf(flags.backend.map(parseSpec), ({ name }) => name, loadBackend);
  const twice = modules.find(({ name }, i) => modules.findIndex((other) => other.name === name) < i);
  if (twice !== undefined)
    throw new StatebenchError(
      'duplicate-name',
      `two backends are named '${twice.name}'; tell them apart with a label, such as ${twice.name}@second`,
    );
  for (const module of modules) checkIsStore(module, 'the operations of the micro-suite are calls of a store');
  // Whatever is wrong with options is told before anything is started.
  for (const module of modules) withoutServer(module).create();
  const folder = path.resolve(flags.out ?? defaultFolder('micro', startedAt));
  prepareMicroFolder(folder, DISK_BYTES + settings.keys * DISK_BYTES_PER_KEY);
  using _lock = lockFolder(folder);
  await using servers = await startServers(modules);
  const { modules: backends } = servers;
  // Those that were asked for by name are missed.
  const leftOut = [...unavailable, ...servers.unavailable].map((each) => ({ ...each, missed: flags.named }));
  if (backends.length === 0)
    throw new StatebenchError('unavailable', `no backend is left to measure. ${leftOut.map(({ reason }) => reason).join(' ')}`);
  const names = flags.operation ?? OPERATION_NAMES;
  const plan = {
    schema: 1 as const,
    command: withoutPasswords(commandText(process.argv.slice(2))),
    startedAt: startedAt.toISOString(),
    seed: flags.seed,
    environment: readEnvironment(folder),
    settings,
    operations: [...OPERATIONS, ...RESCALES]
      .filter(({ name }) => names.includes(name))
      .map(({ name, description }) => ({ name, description })),
    backends: backends.map((module) => {
      const { settings: own, durability } = module.create();
      return { name: module.name, settings: own, durability };
    }),
    leftOut,
  };
  if (!flags.quiet) say(planText(plan, folder));
  sweepScratch(folder);
  const directory = makeScratch(folder, 'work');
  try {
    const results = await runMicro({
      plan,
      backends: backends.map(refOf),
      directory,
      signal: stop.signal,
      onResults: (so) => writeAtomically(path.join(folder, MICRO), resultText(MICRO, microSchema, so)),
      onPart: ({ backend, block, title, index, parts }) => {
        if (!flags.quiet) say(`${index}/${parts}  block ${block}  ${backend}  ${title}`);
      },
    });
    // From the file, so that `statebench report` says the same later.
    const found = await readFolder(folder);
    const report = path.join(folder, REPORT);
    await writePage(found, report);
    if (flags.json) printJson(results);
    say(`\n${renderMicroTerminal(results, terminalOptions(process.env, process.stderr.columns, process.stderr.isTTY === true))}`);
    say(`report: ${report}`);
    const missed = leftOut.some((each) => each.missed);
    return stop.exitCode() ?? (results.failures.length > 0 || missed ? EXIT.backendFailed : EXIT.ok);
  } finally {
    removeScratch(directory);
  }
}

/** @throws StatebenchError `bad-value` for widths and sizes that do not fit together. */
function settingsOf({ keys, keyBytes, valueBytes, batchSize, blocks, timeMs }: Flags): MicroResults['settings'] {
  const refuse = (problem: string): never => {
    throw new StatebenchError('bad-value', problem);
  };
  if (keyBytes % 4 !== 0) refuse(`--key-bytes takes a multiple of 4, not ${keyBytes}`);
  if (valueBytes % 4 !== 0) refuse(`--value-bytes takes a multiple of 4, not ${valueBytes}`);
  const batchSizes = [...new Set(batchSize)].sort((a, b) => a - b);
  const largest = batchSizes.at(-1)!;
  if (largest > keys) refuse(`a batch holds a key once: --batch-size ${largest} takes at least as many --keys, not ${keys}`);
  return { keys, keyBytes, valueBytes, batchSizes, blocks, timeMs, warmUpMs: Math.ceil(timeMs / 2) };
}

function planText(
  { settings, operations, backends, leftOut, seed }: Pick<MicroResults, 'settings' | 'operations' | 'backends' | 'leftOut' | 'seed'>,
  folder: string,
): string {
  const { keys, keyBytes, valueBytes, batchSizes, blocks, timeMs, warmUpMs } = settings;
  const seconds = (blocks * backends.length * operations.length * batchSizes.length * (timeMs + warmUpMs)) / 1000;
  const processes = blocks * backends.length * partsOf(operations.map(({ name }) => name)).length;
  return [
    `state micro-suite: ${operations.length} operation${operations.length === 1 ? '' : 's'} on ${keys} keys of ${keyBytes} bytes, values of ${valueBytes}; seed ${seed}`,
    `  backends     ${backends.map(({ name }) => name).join(', ')}; compared with ${backends[0]!.name}`,
    `  batch sizes  ${batchSizes.join(', ')}`,
    ...leftOut.map(({ backend, reason }) => `  left out     ${backend}: ${reason}`),
    `  ${blocks} block${blocks === 1 ? '' : 's'}, ${processes} processes, ${formatSeconds(seconds)} of timing; filling states and putting them back take about as long again, or several times that on slow stores`,
    `  results      ${folder}`,
  ].join('\n');
}
