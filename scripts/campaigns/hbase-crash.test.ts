// Proves the short forms of R1 to R4 for HBase, where it can be started: random logs, kills, fail-points, damaged checkpoints. A failure
// prints the command that replays it.
import test from 'ava';
import { startHBase } from '../servers/hbase.ts';
import { requiredServer } from '../servers/required.ts';
import { damageCampaign } from './damaged.ts';
import { everyPointCampaign } from './fail-points.ts';
import { killsInARow } from './kills.ts';
import { logCampaign } from './random-logs.ts';
import { provesCampaign } from './short-form.ts';

/** Other tests run beside this one. */
const PATIENT = { key: 'timeoutMs', value: 60_000 };

const hbase = await requiredServer(test, (directory) => startHBase({ directory, durability: 'process-crash' }));

if (hbase !== undefined) {
  for (const campaign of [logCampaign(3), killsInARow(10, 5), everyPointCampaign(), damageCampaign(4)]) {
    provesCampaign(test.serial, campaign, 'hbase', (loaded) => loaded.with({ key: 'url', value: hbase.url }).with(PATIENT));
  }
}
