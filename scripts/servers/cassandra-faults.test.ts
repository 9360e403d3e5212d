// Proves that a job on Cassandra whose server stands still, is killed and comes back, or lost the end of its commit log, waits within
// its limit or ends with a named error, and gives the rows of a run without any of that.
import { join } from 'node:path';
import test from 'ava';
import { startCassandra } from './cassandra.ts';
import { provesJobOutlivesServer, shortenLog } from './job-outlives-server.ts';

await provesJobOutlivesServer(test, {
  backend: 'cassandra',
  option: 'contactPoints',
  start: startCassandra,
  unreachable: /no Cassandra server answers at 127\.0\.0\.1:\d+/,
  truncateLog: (directory, share) => shortenLog(join(directory, 'cassandra', 'commitlog'), share),
});
