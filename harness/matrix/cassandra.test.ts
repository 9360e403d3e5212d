// Proves every operator on Cassandra, where it is installed, against the oracle, with and without a crash, and under SIGKILL. In its
// plain form and at batch 1,024 alone: a call takes a way over the network, and a scan of a key's list one through a table.
import test from 'ava';
import { startCassandra } from '../../scripts/servers/cassandra.ts';
import { requiredServer } from '../../scripts/servers/required.ts';
import { loadBackend } from '../modules.ts';
import { provesOperators } from './proves-operators.ts';

const cassandra = await requiredServer(test, (directory) => startCassandra({ directory, durability: 'process-crash' }));
if (cassandra !== undefined) {
  const { url } = cassandra;
  provesOperators(test.serial, async () => (await loadBackend('cassandra')).with({ key: 'contactPoints', value: url }), true);
}
