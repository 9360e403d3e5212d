/**
 * When a run may end before it has all its blocks. The data are looked at after blocks that were fixed beforehand, and every interval is
 * made at 5 % divided by the number of looks: whatever ends the run, the chance of a false verdict stays below 5 % (Bonferroni over
 * looks, as in a group sequential design with equal levels; C. Jennison and B. W. Turnbull, Group Sequential Methods, 2000, ch. 1).
 */
import { Attempts, type Cell, type CompletedTrial, type Plan, type Trial } from '../../harness/results.ts';
import { grouped } from './grouped.ts';
import { headlineOf } from './headline.ts';
import { type ByBlock, pairedRatio } from './ratio.ts';

const LEVEL = 0.05;

/** The level of every interval and family of a run of this profile. */
export function levelOf({ sequential }: Plan['profile']): number {
  return LEVEL / (sequential?.looks.length ?? 1);
}

/**
 * How many blocks a run has when it is finished, by the trials that there are: all of the profile, or where it may end earlier, the first
 * block after which it does. What comes later changes nothing of it, so that a run and its report agree.
 */
export function blocksOf(plan: Pick<Plan, 'cells' | 'profile' | 'twins'>, trials: readonly Trial[]): number {
  const { cells, profile } = plan;
  const { blocks, sequential } = profile;
  if (sequential === null) return blocks;
  const { looks, fewestBlocks, timeLimitSeconds } = sequential;
  const seconds = secondsByBlock(trials);
  const whole = wholeBlocks(plan, trials, blocks);
  let spent = 0;
  for (let block = 1; block <= whole; block++) {
    spent += seconds.get(block) ?? 0;
    if (timeLimitSeconds !== null && spent >= timeLimitSeconds) return block;
    if (block >= fewestBlocks && looks.includes(block) && isEnough(cells, trials, block, profile)) return block;
  }
  return blocks;
}

function secondsByBlock(trials: readonly Trial[]): ReadonlyMap<number, number> {
  const seconds = new Map<number, number>();
  for (const { block, durationSeconds } of trials) seconds.set(block, (seconds.get(block) ?? 0) + durationSeconds);
  return seconds;
}

/** Blocks from the first on that lack no trial, nor the repetition of one. */
function wholeBlocks(plan: Parameters<typeof blocksOf>[0], trials: readonly Trial[], most: number): number {
  const attempts = new Attempts(plan, trials);
  let whole = 0;
  while (whole < most && plan.cells.every((cell) => attempts.due(cell, whole + 1) === null)) whole++;
  return whole;
}

/** Whether the ratio of every two backends is known closely enough over the blocks up to `last`. One with a failed trial has none. */
function isEnough(all: Plan['cells'], trials: readonly Trial[], last: number, profile: Plan['profile']): boolean {
  const used = trials.filter(({ block }) => block <= last);
  const failed = new Set(used.filter(({ state }) => state === 'failed').map(({ cell }) => cell));
  const candidates = all.filter(({ id, role }) => role === 'candidate' && !failed.has(id));
  return [...grouped(candidates, groupOf).values()].every((cells) =>
    areKnown(
      cells.map(({ id }) => throughputOf(id, used)),
      levelOf(profile),
      profile.sequential!.halfWidth,
    ),
  );
}

/** Whether the interval of the ratio of every two of `values` at this level reaches no further than `halfWidth` to either side. */
export function areKnown(values: readonly ByBlock[], level: number, halfWidth: number): boolean {
  return values.every((one, i) =>
    values.slice(i + 1).every((other) => {
      const interval = pairedRatio(one, other, level)?.interval;
      return interval != null && Math.log(interval.high / interval.low) / 2 <= Math.log1p(halfWidth);
    }),
  );
}

function throughputOf(id: string, trials: readonly Trial[]): ByBlock {
  const completed = trials.filter((trial): trial is CompletedTrial => trial.state === 'completed' && trial.cell === id);
  return new Map(completed.map((trial) => [trial.block, headlineOf(trial)]));
}

function groupOf({ workload, storage, batchSize, parallelism }: Cell): string {
  return JSON.stringify([workload, storage, batchSize, parallelism]);
}
