/** R2 and the thousand kills: SIGKILL at arbitrary moments, and every restored state and every row compared with the oracle's. */
import type { RightAnswer } from '../../harness/survival/right-answer.ts';
import { rightAnswer } from '../../harness/survival/right-answer.ts';
import { type Ordeal, type Survival, survival } from '../../harness/survival/survival.ts';
import { type Campaign, type CaseRequest, type CaseResult, countTo, killsIn } from './campaign.ts';
import { type Ground, groundOf, killsOf } from './kill-plan.ts';

/** No process of a run takes a second in an embedded store where nothing is wrong; served ones in batches of a few events and a busy machine are allowed for. */
const TIMEOUT_MS = 600_000;

const answers = new Map<string, Promise<RightAnswer>>();

/** The oracle's answer, asked for once in the life of the process. */
export function answerOf({ workload, eventSeed: seed }: Ground): Promise<RightAnswer> {
  const key = JSON.stringify([workload, seed]);
  const answer = answers.get(key) ?? rightAnswer({ workload, seed });
  answers.set(key, answer);
  return answer;
}

/** Puts a run on `ground` through ordeals. */
export async function endure(
  { subject, storage, directory, signal }: CaseRequest,
  ground: Ground,
  ordeals: Iterable<Ordeal>,
): Promise<Survival> {
  const { workload, batchSize, checkpointEvery, overlap, eventSeed: seed } = ground;
  const { kind, name, file, options } = subject;
  const backend = { kind, name, file, options };
  const answer = await answerOf(ground);
  const run = {
    backend,
    workload,
    ...(storage && { storage }),
    batchSize,
    checkpointEvery,
    overlap,
    seed,
    directory,
    answer,
    timeoutMs: TIMEOUT_MS,
    signal,
  };
  return survival(run, ordeals);
}

async function killed(request: CaseRequest, kills: number, twice: boolean): Promise<CaseResult> {
  const ground = groundOf(request.seed);
  return endure(request, ground, killsOf(request.seed, kills, ground.checkpointEvery, twice));
}

/** @param kills SIGKILLs in a run, as long as it is not through. */
export function killCampaign(seeds: number, kills: number): Campaign {
  return {
    name: 'R2',
    what: `SIGKILL at arbitrary moments, up to ${kills} to a run: every restored state and every row equal the oracle's`,
    unavailable: () => null,
    alone: false,
    seeds: () => countTo(seeds),
    try: (request) => killed(request, kills, false),
  };
}

/** As {@link killCampaign}; each kill is followed by one amid the restore that it leads to. */
export function doubleKillCampaign(seeds: number, kills: number): Campaign {
  return {
    ...killCampaign(seeds, kills),
    name: 'R2-double',
    what: `as R2, each kill followed by one amid the restore, up to ${2 * kills} to a run`,
    try: (request) => killed(request, kills, true),
  };
}

/** As many kills in a row as asked for. @param killsOfARun at most, as long as it is not through. */
export function killsInARow(kills: number, killsOfARun: number): Campaign {
  return {
    name: 'kills',
    what: `${kills} kills in a row, up to ${killsOfARun} to a run: every restored state and every row equal the oracle's`,
    unavailable: () => null,
    alone: false,
    *seeds(tally) {
      for (let seed = 0; killsIn(tally()) < kills; seed++) yield seed;
    },
    try: (request) => killed(request, killsOfARun, false),
  };
}
