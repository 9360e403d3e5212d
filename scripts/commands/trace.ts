/** `statebench trace`: the state operations of a run, written down, described, and performed again on any backend. */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import { batchSizesFor } from '../../harness/batch-size.ts';
import { EXIT, messageOf, StatebenchError } from '../../harness/errors.ts';
import { loadBackend, loadStorage, loadWorkload, refOf } from '../../harness/modules.ts';
import { isHarnessCost } from '../../harness/plan.ts';
import { makeScratch, removeScratch, sweepScratch } from '../../harness/scratch.ts';
import { DEFAULT_SUITE } from '../../harness/suite.ts';
import { openAnyTrace } from '../../harness/traces/open-trace.ts';
import { recordTrace } from '../../harness/traces/record.ts';
import type { Replayed } from '../../harness/traces/replay.ts';
import { replayInProcess } from '../../harness/traces/replay-process.ts';
import type { Trace } from '../../harness/traces/trace.ts';
import { traceStats } from '../../harness/traces/trace-stats.ts';
import { formatBytes } from '../../harness/units.ts';
import { print, printJson, say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { gathered, wholeNumber } from '../flags.ts';
import { startServerFor } from '../servers/for-backend.ts';
import { listenForStop } from '../stop-signals.ts';
import { workloadRemarks } from '../workload-remarks.ts';
import { checkTarget } from './output.ts';
import { replayText, statsText } from './trace-text.ts';

export function traceCommand(finish: Finish): Command {
  return new Command('trace')
    .description('record the state operations of a run, describe them, replay them on any backend')
    .addCommand(recordCommand(finish))
    .addCommand(statsCommand(finish))
    .addCommand(replayCommand(finish));
}

interface RecordFlags {
  readonly workload: string;
  readonly backend: string;
  readonly batchSize?: number;
  readonly events?: number;
  readonly seed: number;
  readonly to: string;
}

function recordCommand(finish: Finish): Command {
  return new Command('record')
    .description('run a workload and write down every operation on its state')
    .requiredOption('--workload <spec>', 'what to run')
    .requiredOption('--backend <spec>', 'where to keep the state')
    .requiredOption('--to <file>', 'the trace to write')
    .option(
      '--batch-size <events>',
      'events in a micro-batch, at most those from one watermark to the next; default: 1000, or that number if it is smaller',
      wholeNumber(1),
    )
    .option('--events <number>', 'stop after so many events, with windows still open; default: the end of the stream', wholeNumber(1))
    .option('--seed <number>', 'decides the events of a synthetic workload', wholeNumber(0), DEFAULT_SUITE.seed)
    .action(async ({ workload, backend, batchSize, events, seed, to }: RecordFlags) => {
      using stop = listenForStop();
      const named = await loadWorkload(workload);
      const made = named.create();
      const [size] = batchSizesFor(batchSize === undefined ? null : [batchSize], named, made);
      for (const line of workloadRemarks(named, made.settings)) say(line);
      checkTarget(to);
      const module = await loadBackend(backend);
      if (isHarnessCost(module)) {
        throw new StatebenchError('bad-value', `backend '${module.name}' finds nothing of what was written: record on one that stores`);
      }
      await using started = await startServerFor(module);
      const storage = (await loadStorage('filesystem')).create() as CheckpointStorage;
      sweepScratch(tmpdir());
      const directory = makeScratch(tmpdir(), 'record');
      try {
        const { signal } = stop;
        const recorded = await recordTrace({
          workload: made,
          backend: started.module.create(),
          storage,
          batchSize: size!,
          events: events ?? null,
          seed,
          directory,
          to: path.resolve(to),
          signal,
        });
        const { calls, operations, bytes, seconds } = recorded;
        say(
          `${operations} operations in ${calls} calls, by ${recorded.events} events${recorded.ended ? ' to the end of the stream' : ''}: ` +
            `${formatBytes(bytes)}, ${(bytes / Math.max(1, operations)).toFixed(2)} bytes an operation, in ${seconds.toFixed(2)} s; written to ${to}`,
        );
      } finally {
        removeScratch(directory);
      }
      finish(stop.exitCode() ?? EXIT.ok);
    });
}

interface TextFlags {
  readonly valueBytes: number;
  readonly skipBad?: boolean;
  readonly json?: boolean;
}

/** Flags of the commands that read a trace. */
function reading(command: Command): Command {
  return command
    .argument('<file>', "a trace of 'trace record', or one in Gadget's text form")
    .option('--skip-bad', "pass over lines of Gadget's form that are none, and say how many")
    .option('--value-bytes <bytes>', "bytes of a value in Gadget's form, which does not say", wholeNumber(0), 64)
    .option('--json', 'one JSON document on stdout');
}

function openFor(file: string, { valueBytes, skipBad = false }: TextFlags): Promise<Trace> {
  return openAnyTrace(file, { valueBytes, skipBad });
}

function saySkipped({ skippedLines, file }: Trace): void {
  if (skippedLines > 0) say(`passed over ${skippedLines} bad line${skippedLines === 1 ? '' : 's'} of ${file}`);
}

function statsCommand(finish: Finish): Command {
  return reading(new Command('stats'))
    .description('operation mix, working set, stack distances, lifetimes of keys, sizes of values')
    .action(async (file: string, flags: TextFlags) => {
      const trace = await openFor(file, flags);
      saySkipped(trace);
      const stats = await traceStats(trace);
      const { header, end, skippedLines } = trace;
      if (flags.json) printJson({ file, header, end, skippedLines, ...stats });
      else print(statsText(trace, stats));
      finish(EXIT.ok);
    });
}

function replayCommand(finish: Finish): Command {
  return reading(new Command('replay'))
    .description('perform the operations of a trace on backends, each in a process of its own, and check the answers')
    .requiredOption('--backend <spec>', 'a backend; may be repeated', gathered)
    .action(async (file: string, { backend: specs, ...flags }: TextFlags & { readonly backend: readonly string[] }) => {
      using stop = listenForStop();
      const modules = await Promise.all(specs.map((spec) => loadBackend(spec)));
      const trace = await openFor(file, flags);
      saySkipped(trace);
      const results: ReplayOutcome[] = [];
      for (const module of modules) {
        if (stop.signal.aborted) break;
        say(`replaying ${trace.end.operations} operations on ${module.name}`);
        const outcome = await replayOn(module, file, flags, stop.signal);
        if (outcome === null) break;
        results.push(outcome);
        if (outcome.failure !== null) say(`statebench: ${outcome.failure}`);
        else if (!flags.json) print(replayText(outcome.backend, outcome.replayed!));
      }
      if (flags.json) printJson({ file, header: trace.header, end: trace.end, skippedLines: trace.skippedLines, backends: results });
      finish(stop.exitCode() ?? (results.some(({ failure }) => failure !== null) ? EXIT.backendFailed : EXIT.ok));
    });
}

interface ReplayOutcome {
  /** As it was named. */
  readonly backend: string;
  readonly replayed: Replayed | null;
  /** Why it did not, or answered otherwise; null if it did. */
  readonly failure: string | null;
}

/** @returns null if it was interrupted. @throws StatebenchError for anything that is not the backend's doing */
async function replayOn(
  module: Awaited<ReturnType<typeof loadBackend>>,
  file: string,
  { valueBytes, skipBad = false }: TextFlags,
  signal: AbortSignal,
): Promise<ReplayOutcome | null> {
  await using started = await startServerFor(module);
  try {
    const text = { valueBytes, skipBad };
    const replayed = await replayInProcess({ file: path.resolve(file), text, backend: refOf(started.module), signal });
    return { backend: module.name, replayed, failure: null };
  } catch (error) {
    if (signal.aborted) return null;
    if (!(error instanceof StatebenchError) || error.code !== 'backend-failed') throw error;
    return { backend: module.name, replayed: null, failure: messageOf(error) };
  }
}
