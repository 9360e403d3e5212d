// Proves the short forms of R1, R2 and R4 for Cassandra, where it can be started: random logs, kills, damaged checkpoints. A failure
// prints the command that replays it.
import test from 'ava';
import { startCassandra } from '../servers/cassandra.ts';
import { requiredServer } from '../servers/required.ts';
import { damageCampaign } from './damaged.ts';
import { killsInARow } from './kills.ts';
import { logCampaign } from './random-logs.ts';
import { provesCampaign } from './short-form.ts';

/** Other tests run beside this one. */
const PATIENT = { key: 'timeoutMs', value: 60_000 };

const cassandra = await requiredServer(test, (directory) => startCassandra({ directory, durability: 'process-crash' }));

if (cassandra !== undefined) {
  for (const campaign of [logCampaign(3), killsInARow(10, 5), damageCampaign(4)]) {
    provesCampaign(test.serial, campaign, 'cassandra', (loaded) =>
      loaded.with({ key: 'contactPoints', value: cassandra.url }).with(PATIENT),
    );
  }
}
