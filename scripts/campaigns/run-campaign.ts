import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../harness/errors.ts';
import { type Campaign, type CaseRequest, EMPTY_TALLY, PASSED, replayCommand, type Subject, type Tally, tallied } from './campaign.ts';

export interface CampaignRun {
  readonly campaign: Campaign;
  readonly subject: Subject;
  readonly storage?: CaseRequest['storage'];
  /** The only seed to try; null for the campaign's own. */
  readonly seed: number | null;
  /** Cases at a time, unless each needs the machine to itself. */
  readonly lanes: number;
  readonly signal: AbortSignal;
  /** Is told of each case that failed, with what replays it. */
  readonly onProblem: (problem: string) => void;
}

/** Runs a campaign's cases on one backend, some at a time. What a case throws is its problem. */
export async function runCampaign({ campaign, subject, storage, seed, lanes, signal, onProblem }: CampaignRun): Promise<Tally> {
  const root = await mkdtemp(join(tmpdir(), `statebench-${campaign.name}-`));
  let tally = EMPTY_TALLY;
  const seeds = (seed === null ? campaign.seeds(() => tally) : [seed])[Symbol.iterator]();
  const lane = async () => {
    for (let next = seeds.next(); !next.done && !signal.aborted; next = seeds.next()) {
      const { value } = next;
      const request = { subject, ...(storage && { storage }), seed: value, directory: join(root, `seed-${value}`), signal };
      const result = await campaign.try(request).catch((error: unknown) => ({ ...PASSED, problem: messageOf(error) }));
      if (signal.aborted) return;
      tally = tallied(tally, result);
      if (result.problem === null) continue;
      onProblem(
        `${campaign.name} ${subject.name}, seed ${value}: ${result.problem}\n  ${replayCommand(campaign.name, subject.name, value)}`,
      );
    }
  };
  try {
    await Promise.all(Array.from({ length: campaign.alone ? 1 : lanes }, lane));
    return tally;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
