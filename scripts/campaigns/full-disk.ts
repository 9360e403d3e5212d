/** R5: a disk that fills up ends a run with its name, no hang and no wrong row; once there is room, the run goes on. */
import { execFile } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Ordeal, UNHARMED } from '../../harness/survival/survival.ts';
import { type Campaign, type CaseRequest, type CaseResult, countTo } from './campaign.ts';
import { groundOf } from './kill-plan.ts';
import { endure } from './kills.ts';

const run = promisify(execFile);

const MOMENTS = ['open', 'steady', 'checkpoint'] as const;
type Moment = (typeof MOMENTS)[number];

/** What a run needs of room, old and new state and three checkpoints, is up to 30 MiB for a store that maps its file. */
const SIZE_MIB = { open: 64, steady: 64, checkpoint: 48 } as const satisfies Record<Moment, number>;

/** Takes all the room that is left. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let chunk = Buffer.alloc(1 << 20); chunk.length > 0; ) {
      try {
        if (writeSync(file, chunk) < chunk.length) chunk = chunk.subarray(chunk.length >> 1);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        chunk = chunk.subarray(0, chunk.length >> 1);
      }
    }
  } finally {
    closeSync(file);
  }
}

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
  const { seed, directory } = request;
  const moment = MOMENTS[seed % MOMENTS.length]!;
  await mkdir(directory, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB[moment]}m`, 'tmpfs', directory]);
  try {
    const ground = { ...groundOf(seed), overlap: false };
    const ordeals = ordealsOf(moment, ground.checkpointEvery, join(directory, 'ballast'));
    const done = await endure({ ...request, directory: join(directory, 'run') }, ground, ordeals);
    if (done.problem !== null || done.failures.length === 1) return done;
    return { ...done, problem: `the disk was full at ${moment}, and nothing failed` };
  } finally {
    await run('umount', ['--lazy', directory]);
    await rm(directory, { recursive: true, force: true });
  }
}

export function fullDiskCampaign(seeds: number): Campaign {
  return {
    name: 'R5',
    what: 'a full disk at open, amid processing and amid a checkpoint is told by name, and the run goes on once there is room',
    unavailable: () => (process.getuid?.() === 0 && process.platform === 'linux' ? null : 'mounting a small tmpfs takes root on Linux'),
    seeds: () => countTo(seeds),
    try: fullDisk,
  };
}
