/** R5: a disk that fills up ends a run with its name, no hang and no wrong row; once there is room, the run goes on. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ordeal, UNHARMED } from '../../harness/survival/survival.ts';
import { type Campaign, type CaseRequest, type CaseResult, countTo, PASSED } from './campaign.ts';
import { resultsOnFullDisk, rowsOnFullDisk } from './full-disk-files.ts';
import { groundOf } from './kill-plan.ts';
import { endure } from './kills.ts';
import { fill, smallDisk, whyNoSmallDisk } from './small-disk.ts';

type Moment = 'open' | 'steady' | 'checkpoint';

/** By seed: when in a job's life the disk is full, or what else is written to it. */
const CASES = ['open', 'steady', 'checkpoint', 'results', 'rows'] as const;
type Case = (typeof CASES)[number];
export const FULL_DISK_CASES = CASES.length;

/**
 * What a job needs of room, old and new state and three checkpoints, is up to 30 MiB for a store that maps its file; a run does not
 * begin without half a gibibyte.
 */
const SIZE_MIB = { open: 64, steady: 64, checkpoint: 48, results: 576, rows: 64 } as const satisfies Record<Case, number>;

function ordealsOf(moment: Moment, checkpointEvery: number, ballast: string): Ordeal[] {
  const full: Ordeal = {
    ...UNHARMED,
    name: `disk full at ${moment}`,
    before: async () => (moment === 'open' ? fill(ballast) : undefined),
    killAt:
      moment === 'open'
        ? null
        : moment === 'steady'
          ? { phase: 'replay', afterEvents: Math.floor(3.5 * checkpointEvery) }
          : { phase: 'checkpoint', nth: 3 },
    // Or it would be through before the disk is full.
    waits: true,
    onKillMe: (_, goOn) => {
      fill(ballast);
      goOn();
    },
    // A store that maps its file dies by SIGBUS; LMDB knows a short write only as an I/O error, and the message then asks for room.
    mayFail: ({ code, message }) => code === 'disk-full' || code === 'SIGBUS' || message.includes('see that there is room'),
  };
  return [full, { ...UNHARMED, name: 'room again', before: () => rm(ballast) }];
}

async function fullDisk(request: CaseRequest): Promise<CaseResult> {
  const { seed, directory, subject, signal } = request;
  const what = CASES[seed % CASES.length]!;
  await using _disk = await smallDisk(directory, SIZE_MIB[what]);
  const files = { backend: subject.name, disk: directory, signal };
  if (what === 'results') return { ...PASSED, problem: await resultsOnFullDisk(files) };
  if (what === 'rows') return { ...PASSED, problem: await rowsOnFullDisk(files) };
  return await jobOnFullDisk(request, what);
}

async function jobOnFullDisk(request: CaseRequest, moment: Moment): Promise<CaseResult> {
  const { seed, directory } = request;
  const ground = { ...groundOf(seed), overlap: false };
  const ordeals = ordealsOf(moment, ground.checkpointEvery, join(directory, 'ballast'));
  const done = await endure({ ...request, directory: join(directory, 'run') }, ground, ordeals);
  if (done.problem !== null || done.failures.length === 1) return done;
  return { ...done, problem: `the disk was full at ${moment}, and nothing failed` };
}

export function fullDiskCampaign(seeds: number): Campaign {
  return {
    name: 'R5',
    what: 'a full disk at open, amid processing and amid a checkpoint, or for results and rows, is told by name, and it goes on once there is room',
    unavailable: whyNoSmallDisk,
    alone: false,
    seeds: () => countTo(seeds),
    try: fullDisk,
  };
}
