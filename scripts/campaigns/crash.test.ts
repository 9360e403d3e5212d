// Proves the short forms of R2 to R5 for every embedded backend and, where it can be started, Redis: kills, fail-points, damaged
// checkpoints, a full disk; and for Redis that of R1, random logs, which the others have in pipeline.test.ts. A failure prints the
// command that replays it.
import test from 'ava';
import { startRedis } from '../servers/redis.ts';
import { requiredServer } from '../servers/required.ts';
import { damageCampaign } from './damaged.ts';
import { everyPointCampaign } from './fail-points.ts';
import { fullDiskCampaign } from './full-disk.ts';
import { killsInARow } from './kills.ts';
import { logCampaign } from './random-logs.ts';
import { EMBEDDED, provesCampaign } from './short-form.ts';

/** Other tests run beside this one. */
const PATIENT = { key: 'timeoutMs', value: 60_000 };

const redis = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));

const campaigns = [killsInARow(10, 5), everyPointCampaign(), damageCampaign(11), fullDiskCampaign(1)];
for (const campaign of campaigns) for (const name of EMBEDDED) provesCampaign(test.serial, campaign, name);
if (redis !== undefined) {
  for (const campaign of [logCampaign(5), ...campaigns]) {
    provesCampaign(test.serial, campaign, 'redis', (loaded) => loaded.with({ key: 'url', value: redis.url }).with(PATIENT));
  }
}
