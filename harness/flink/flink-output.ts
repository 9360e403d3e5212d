/**
 * Writes a workload's rows by a job on Flink. Where a checkpoint is to be cut or a TaskManager to be killed, the source waits at that very
 * event until it is done, so that both are as exact as in our own pipeline.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { StateBackend } from '../../backends/contract.ts';
import { StatebenchError } from '../errors.ts';
import { checkKill } from '../kill-after.ts';
import { create, LOCAL_STORAGE } from '../modules.ts';
import type { OutputRequest } from '../output.ts';
import { writeRowCsv } from '../row-csv.ts';
import { makeScratch, removeScratch } from '../scratch.ts';
import type { OutputResult } from '../trial/tasks.ts';
import { FlinkJob } from './flink-job.ts';
import { rowTexts } from './flink-rows.ts';
import { type Ground, onGround, renew, withJob } from './ground.ts';
import { eventsOf, lastAttempt } from './progress.ts';
import { checkBudget } from './task-memory.ts';

const TIMEOUT_MS = 24 * 3600 * 1000;
const POLL_MS = 10;
/** Flink tries to go on with what was killed until it has noticed, at the latest when no heartbeat has come for some seconds. */
const RESTARTS_PER_KILL = 60;
const RESTART_DELAY_MS = 500;

/** @throws StatebenchError `bad-command-line` for what cannot be had of Flink, and what a trial on Flink fails by */
export async function outputOnFlink(request: OutputRequest): Promise<OutputResult> {
  const { backend, workload, storage = LOCAL_STORAGE, seed, signal } = request;
  if (request.directory !== null) {
    throw new StatebenchError(
      'bad-command-line',
      '--directory keeps checkpoints to go on from, and Flink removes those of a job that has ended: leave it out with a flink backend',
    );
  }
  const { settings } = await create<StateBackend>(backend);
  const directory = makeScratch(tmpdir(), 'output');
  try {
    const own = {
      backend,
      settings,
      workload,
      storage,
      seed,
      events: null,
      directory: path.join(directory, 'job'),
      eventsFolder: directory,
    };
    return await onGround({ ...own, timeoutMs: TIMEOUT_MS, signal }, (ground) => writeRows(request, settings, ground));
  } finally {
    removeScratch(directory);
  }
}

async function writeRows(request: OutputRequest, settings: StateBackend['settings'], ground: Ground): Promise<OutputResult> {
  const { own, events, home, jobManager, workload, checkpointsUrl, ...rest } = ground;
  const kills = request.killAfterEvents;
  for (const kill of kills) checkKill(kill, events);
  if (own === null && kills.length > 0) {
    throw new StatebenchError(
      'bad-command-line',
      `--kill-after kills a TaskManager, and those of ${jobManager.url} are not ours: leave it out, or use a Flink that is started here`,
    );
  }
  const folder = path.join(home, 'rows');
  mkdirSync(folder, { recursive: true });
  const stops = stopsOf(request, events);
  const gateFile = path.join(home, 'gate');
  const openTo = (event: number = Number.MAX_SAFE_INTEGER): void => {
    writeFileSync(`${gateFile}~`, String(event));
    renameSync(`${gateFile}~`, gateFile);
  };
  openTo(stops[0]?.atEvent);
  await renew(ground, settings);
  const job = await FlinkJob.start({
    ...rest,
    jobManager,
    workload,
    events,
    cell: {
      id: 'output',
      backend: { name: request.backend.name, settings, durability: 'volatile' },
      workload: { name: workload.name, settings: workload.settings },
      storage: { name: request.storage?.name ?? LOCAL_STORAGE.name, settings: {} },
      batchSize: request.batchSize,
      parallelism: request.parallelism,
      role: 'candidate',
      engine: 'flink',
    },
    directory: home,
    checkpointsUrl: await checkpointsUrl('output'),
    checkpointEveryMs: null,
    restarts: RESTARTS_PER_KILL * kills.length,
    restartDelayMs: RESTART_DELAY_MS,
    rowsFolder: folder,
    gateFile,
  });
  const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await condition())) {
      await pause(POLL_MS, undefined, { signal: ground.signal });
      await job.details();
    }
  };
  return await withJob(job, async () => {
    const ids = await job.taskManagers();
    own?.markUsed(ids);
    await checkBudget(jobManager, ids, settings);
    let killed = 0;
    for (const [index, { atEvent, isKill }] of stops.entries()) {
      await until(() => eventsOf(lastAttempt(job.marks())) >= atEvent);
      if (isKill && own !== null) {
        // One that was killed before may not have been replaced yet.
        await until(() => own.areThere());
        const attempts = attemptsOf(job);
        own.kill(await job.taskManagerOf(killed++ % request.parallelism));
        await until(() => attemptsOf(job).every((count, subtask) => count > attempts[subtask]!));
        own.markUsed(await job.taskManagers());
      } else await job.checkpoint();
      openTo(stops[index + 1]?.atEvent);
    }
    await job.finished();
    const { output, lateByStage } = await job.output();
    const rows = writeRowCsv(workload.stages, rowTexts(folder, workload.stages), request.to);
    if (rows === output.rows) return { rows, lateEvents: lateByStage.reduce((sum, late) => sum + late, 0) };
    throw new StatebenchError('backend-failed', `the job counted ${output.rows} rows, and its files have ${rows}`);
  });
}

/** How often each subtask of the source has begun. */
function attemptsOf(job: FlinkJob): readonly number[] {
  return job.marks().map((marks) => marks.filter(({ kind }) => kind === 'begins').length);
}

interface Stop {
  readonly atEvent: number;
  /** Or else a checkpoint is cut. */
  readonly isKill: boolean;
}

/** In turn; of a checkpoint and a kill at one event the checkpoint first. */
function stopsOf({ checkpointEveryEvents: every, killAfterEvents }: OutputRequest, events: number): readonly Stop[] {
  const checkpoints = every === null ? 0 : Math.ceil(events / every) - 1;
  const stops = [
    ...Array.from({ length: checkpoints }, (_, i): Stop => ({ atEvent: (i + 1) * every!, isKill: false })),
    ...killAfterEvents.map((atEvent): Stop => ({ atEvent, isKill: true })),
  ];
  return stops.sort((a, b) => a.atEvent - b.atEvent || Number(a.isKill) - Number(b.isKill));
}
