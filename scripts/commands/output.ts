/** `statebench output`: the rows a workload gives on a backend, as CSV, for anyone to check. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { batchSizesFor } from '../../harness/batch-size.ts';
import { EXIT, type ExitCode, messageOf, StatebenchError } from '../../harness/errors.ts';
import { loadBackend, loadStorage, loadWorkload, refOf } from '../../harness/modules.ts';
import { checkOutput, writeOutput } from '../../harness/output.ts';
import { checkDividable } from '../../harness/portable/key-groups.ts';
import { DEFAULT_SUITE } from '../../harness/suite.ts';
import { say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { wholeNumber } from '../flags.ts';
import { addressOption, needsServer, startServerFor } from '../servers/for-backend.ts';
import { listenForStop } from '../stop-signals.ts';
import { workloadRemarks } from '../workload-remarks.ts';

/** Where crashes are asked for and no checkpoints. */
const EVENTS_BETWEEN_CHECKPOINTS = 50_000;

interface Flags {
  readonly workload: string;
  readonly backend: string;
  readonly checkpointStorage: string;
  readonly batchSize?: number;
  readonly parallelism: number;
  readonly checkpointEvery?: number;
  readonly killAfter: readonly number[];
  readonly seed: number;
  readonly directory?: string;
  readonly check?: boolean;
  readonly to: string;
}

export function outputCommand(finish: Finish): Command {
  return new Command('output')
    .description('write the rows of a workload on a backend as CSV, with crashes if you like')
    .requiredOption('--workload <spec>', 'what to run')
    .requiredOption('--backend <spec>', 'where to keep the state')
    .requiredOption('--to <file>', 'the CSV to write')
    .option('--checkpoint-storage <spec>', 'where checkpoints go', 'filesystem')
    .option(
      '--batch-size <events>',
      'events in a micro-batch, at most those from one watermark to the next; default: 1000, or that number if it is smaller',
      wholeNumber(1),
    )
    .option('--parallelism <processes>', 'processes that divide the stream among them by key', wholeNumber(1), 1)
    .option('--seed <number>', 'decides the events of a synthetic workload', wholeNumber(0), DEFAULT_SUITE.seed)
    .option('--checkpoint-every <events>', 'cut a checkpoint after every so many events', wholeNumber(1))
    .option(
      '--kill-after <events>',
      'SIGKILL the process (of several, each in its turn) once so many events are processed, restore, go on; may be repeated',
      (text, before: readonly number[]) => [...before, wholeNumber(1)(text)],
      [],
    )
    .option('--directory <folder>', "the job's directory: keep its checkpoints there, and go on from the newest if there is one")
    .option('--check', 'compare the rows with the oracle: exit 3 if they differ, or if there are none')
    .action(async (flags: Flags) => finish(await output(flags)));
}

async function output(flags: Flags): Promise<ExitCode> {
  const { workload, backend, checkpointStorage, batchSize, parallelism, checkpointEvery, killAfter, seed, directory, to } = flags;
  using stop = listenForStop();
  const source = await loadWorkload(workload);
  const made = source.create();
  checkDividable(made, parallelism);
  const [size] = batchSizesFor(batchSize === undefined ? null : [batchSize], source, made);
  for (const line of workloadRemarks(source, made.settings)) say(line);
  checkTarget(to);
  if (directory === undefined) checkRestorable(killAfter, checkpointEvery);
  const storage = await loadStorage(checkpointStorage);
  if (directory !== undefined && needsServer(storage)) {
    throw new StatebenchError(
      'bad-command-line',
      `--directory keeps checkpoints, and a server that is started for ${checkpointStorage} goes with all in it: name one that stays, with ${addressOption(storage)}=…`,
    );
  }
  await using started = await startServerFor(await loadBackend(backend));
  await using startedForStorage = await startServerFor(storage);
  started.module.create();
  const checkpointEveryEvents = checkpointEvery ?? intervalBefore(killAfter);
  if (killAfter.length > 0 && checkpointEvery === undefined)
    say(`a checkpoint is cut every ${checkpointEveryEvents} events, to restore from`);
  try {
    const compared = { workload: refOf(source), seed, to: path.resolve(to), signal: stop.signal };
    const { rows, lateEvents } = await writeOutput({
      ...compared,
      backend: refOf(started.module),
      storage: refOf(startedForStorage.module),
      batchSize: size!,
      parallelism,
      checkpointEveryEvents,
      killAfterEvents: killAfter,
      directory: directory === undefined ? null : path.resolve(directory),
    });
    say(`${rows} rows written to ${to}; ${lateEvents} events came late and were dropped`);
    if (flags.check) return sayChecked(await checkOutput(compared), to);
    say('the rows were not compared with the oracle; --check compares them');
    return EXIT.ok;
  } catch (error) {
    const code = stop.exitCode();
    if (code === null) throw error;
    return code;
  }
}

/** Events between checkpoints where only kills are asked for: few enough that the first kill finds one. Null where there is no kill. */
function intervalBefore(killAfter: readonly number[]): number | null {
  return killAfter.length === 0 ? null : Math.max(1, Math.min(EVENTS_BETWEEN_CHECKPOINTS, Math.floor(Math.min(...killAfter) / 2)));
}

/** @throws StatebenchError `bad-command-line` for a kill that no checkpoint comes before: it would prove nothing of a restore */
function checkRestorable(killAfter: readonly number[], checkpointEvery: number | undefined): void {
  const firstKill = Math.min(...killAfter);
  if (checkpointEvery === undefined || firstKill >= checkpointEvery) return;
  throw new StatebenchError(
    'bad-command-line',
    `--kill-after ${firstKill} comes before the first checkpoint, at event ${checkpointEvery}, so nothing would be restored: kill later, or give --checkpoint-every ${firstKill} or less`,
  );
}

function sayChecked({ rows, missing, extra, first }: Awaited<ReturnType<typeof checkOutput>>, to: string): ExitCode {
  if (first !== null) {
    say(`${to} differs from the oracle: ${missing} of the oracle's ${rows} rows are missing, ${extra} rows are not the oracle's`);
    say(`first difference, row ${first.row}: got ${first.got ?? 'no row'}, expected ${first.expected ?? 'no row'}`);
    return EXIT.backendFailed;
  }
  if (rows === 0) {
    say(`${to} is unchecked: the workload gives no rows to compare; take more events`);
    return EXIT.backendFailed;
  }
  say(`${rows} rows equal the oracle's`);
  return EXIT.ok;
}

/** @throws StatebenchError `bad-folder` if no file can be written there. */
export function checkTarget(to: string): void {
  const folder = path.dirname(path.resolve(to));
  try {
    accessSync(folder, constants.W_OK);
    if (existsSync(to)) accessSync(to, constants.W_OK);
  } catch (cause) {
    throw new StatebenchError('bad-folder', `cannot write ${to}: ${messageOf(cause)}; name another file with --to`, { cause });
  }
  if (existsSync(to) && !statSync(to).isFile())
    throw new StatebenchError('bad-folder', `cannot write ${to}: it is not a file; name another with --to`);
}
