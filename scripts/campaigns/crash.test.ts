// Proves the short forms of R2 to R5 for every embedded backend and, where it can be started, Redis: kills, fail-points, damaged
// checkpoints, a full disk. A failure prints the command that replays it.
import test from 'ava';
import { startRedis } from '../servers/redis.ts';
import { requiredServer } from '../servers/required.ts';
import { damageCampaign } from './damaged.ts';
import { everyPointCampaign } from './fail-points.ts';
import { fullDiskCampaign } from './full-disk.ts';
import { killsInARow } from './kills.ts';
import { EMBEDDED, provesCampaign } from './short-form.ts';

const redis = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));

for (const campaign of [killsInARow(10, 5), everyPointCampaign(), damageCampaign(11), fullDiskCampaign(1)]) {
  for (const name of EMBEDDED) provesCampaign(test.serial, campaign, name);
  if (redis !== undefined) provesCampaign(test.serial, campaign, 'redis', (loaded) => loaded.with({ key: 'url', value: redis.url }));
}
