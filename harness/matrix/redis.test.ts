// Proves every operator on Redis, where it can be started, against the oracle, with and without a crash, and under SIGKILL. In its
// plain form and at batch 1,024 alone: a call takes a way over the network, and a scan of a key's list one through a table.
import test from 'ava';
import { startRedis } from '../../scripts/servers/redis.ts';
import { requiredServer } from '../../scripts/servers/required.ts';
import { loadBackend } from '../modules.ts';
import { provesOperators } from './proves-operators.ts';

/** Other tests run beside this one. */
const PATIENT = { key: 'timeoutMs', value: 60_000 };

const redis = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));
if (redis !== undefined) {
  const { url } = redis;
  provesOperators(test.serial, async () => (await loadBackend('redis')).with({ key: 'url', value: url }).with(PATIENT), true);
}
