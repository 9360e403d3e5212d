/** The short form of a campaign, as a test: some seeds on one backend. */
import type { StateBackend } from '../../backends/contract.ts';
import { type LoadedModule, loadBackend } from '../../harness/modules.ts';
import { type Campaign, summaryLine } from './campaign.ts';
import { runCampaign } from './run-campaign.ts';

export const EMBEDDED = ['memory', 'lmdb', 'level', 'sqlite', 'rocksdb'] as const;

/** The part of AVA's `test` that is used. */
type Test = (
  title: string,
  body: (t: { log(line: string): void; deepEqual(got: unknown, right: unknown): unknown }) => Promise<void>,
) => void;

/**
 * Registers a test that runs a campaign on a backend, or says why it cannot be run here.
 * @param prepare gives a backend that needs a server its address.
 */
export function provesCampaign(
  test: Test,
  campaign: Campaign,
  backend: string,
  prepare: (loaded: LoadedModule<StateBackend>) => LoadedModule<StateBackend> = (loaded) => loaded,
): void {
  const reason = campaign.unavailable();
  test(`${campaign.name} ${backend}: ${campaign.what}`, async (t) => {
    if (reason !== null) return t.log(`not tried, since ${reason}`);
    const problems: string[] = [];
    const tally = await runCampaign({
      campaign,
      subject: prepare(await loadBackend(backend)),
      seed: null,
      lanes: 1,
      signal: new AbortController().signal,
      onProblem: (problem) => problems.push(problem),
    });
    t.log(summaryLine(campaign.name, backend, tally));
    t.deepEqual(problems, []);
  });
}
