/**
 * `npm run test:long [-- CAMPAIGN… [--backend NAME]… [--checkpoint-storage SPEC] [--seed N] [--kills N] [--lanes N]]`: the long campaigns, each with a summary
 * line per backend (all but R1, R4, R5 and R9 take another storage); `engines` compares versions of Node instead of backends, and `simulations` invents runs to count how often the statistics are right. Exits with 1 if any case failed; each of those prints what replays it.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { messageOf, suggestion } from '../../harness/errors.ts';
import { loadBackend, loadStorage, refOf } from '../../harness/modules.ts';
import { print, say } from '../console.ts';
import { compareEngines } from '../engines/engines.ts';
import { startServerFor } from '../servers/for-backend.ts';
import { countedLine, simulate } from '../simulations/simulations.ts';
import { listenForStop } from '../stop-signals.ts';
import { type Campaign, summaryLine } from './campaign.ts';
import { damageCampaign } from './damaged.ts';
import { everyPointCampaign, failPointCampaign } from './fail-points.ts';
import { FULL_DISK_CASES, fullDiskCampaign } from './full-disk.ts';
import { doubleKillCampaign, killCampaign, killsInARow } from './kills.ts';
import { logCampaign } from './random-logs.ts';
import { runCampaign } from './run-campaign.ts';
import { stopCampaign } from './stops.ts';

const BACKENDS = ['memory', 'lmdb', 'level', 'sqlite', 'rocksdb', 'redis'];
const KILLS = 1_000;
/** A run is killed until it is through, but not for ever. */
const KILLS_OF_A_RUN = 40;
const STOPS = 65;
const STOP_LIMIT_MS = 2000;
/** These have nothing to do with backends. */
const ENGINES = 'engines';
const SIMULATIONS = 'simulations';
const SIMULATION_SEED = 20261127;
const SIMULATION_ROUNDS = 20_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    backend: { type: 'string', multiple: true },
    'checkpoint-storage': { type: 'string' },
    seed: { type: 'string' },
    kills: { type: 'string', default: String(KILLS) },
    lanes: { type: 'string', default: String(availableParallelism()) },
  },
});

function whole(name: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new RangeError(`--${name} takes a whole number from ${least}, not '${text}'`);
}

function campaignsNamed(names: readonly string[], kills: number, backends: number): readonly Campaign[] {
  const campaigns = [
    logCampaign(200),
    killCampaign(100, 5),
    doubleKillCampaign(100, 3),
    everyPointCampaign(),
    failPointCampaign(),
    damageCampaign(50),
    fullDiskCampaign(FULL_DISK_CASES),
    stopCampaign(Math.ceil(STOPS / backends), STOP_LIMIT_MS),
    killsInARow(Math.ceil(kills / backends), KILLS_OF_A_RUN),
  ];
  const known = [...campaigns.map(({ name }) => name), ENGINES, SIMULATIONS];
  for (const name of names) {
    if (!known.includes(name))
      throw new RangeError(`there is no campaign '${name}'.${suggestion(name, known)} There is: ${known.join(', ')}.`);
  }
  return names.length === 0 ? campaigns : campaigns.filter(({ name }) => names.includes(name));
}

async function main(): Promise<boolean> {
  const names = values.backend ?? BACKENDS;
  const seed = values.seed === undefined ? null : whole('seed', values.seed, 0);
  const lanes = whole('lanes', values.lanes, 1);
  const storageNamed = values['checkpoint-storage'];
  const campaigns = campaignsNamed(positionals, whole('kills', values.kills, 1), names.length);
  using stop = listenForStop();
  let passed = true;
  await using servedStorage = storageNamed === undefined ? null : await startServerFor(await loadStorage(storageNamed));
  const storage = servedStorage === null ? {} : { storage: refOf(servedStorage.module) };
  for (const campaign of campaigns) {
    const reason = campaign.unavailable();
    say(`${campaign.name}: ${reason === null ? campaign.what : `left out, since ${reason}`}`);
    if (reason !== null) continue;
    for (const name of names) {
      const start = performance.now();
      await using served = await startServerFor(await loadBackend(name));
      const tally = await runCampaign({ campaign, subject: served.module, ...storage, seed, lanes, signal: stop.signal, onProblem: say });
      if (stop.signal.aborted) return false;
      print(`${summaryLine(campaign.name, name, tally)}; ${((performance.now() - start) / 1000).toFixed(0)} s`);
      if (tally.failed > 0) passed = false;
    }
  }
  if (positionals.length === 0 || positionals.includes(SIMULATIONS)) {
    const simulated = { seed: seed ?? SIMULATION_SEED, rounds: SIMULATION_ROUNDS };
    say(`${SIMULATIONS}: how often the statistics are right, of ${simulated.rounds} invented runs each, seed ${simulated.seed}`);
    const counted = simulate({ ...simulated, signal: stop.signal, onCounted: (one) => print(countedLine(one)) });
    if (counted.some(({ isKept }) => !isKept)) passed = false;
  }
  if (positionals.length === 0 || positionals.includes(ENGINES)) {
    say(`${ENGINES}: every preset gives the same events and rows on Node 20, 22 and 24, alone and divided among 2, 3 and 7`);
    if (!(await compareEngines(print, stop.signal))) passed = false;
  }
  return passed;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  say(messageOf(error));
  process.exitCode = 2;
}
