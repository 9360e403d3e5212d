// Proves that a job on HBase whose server stands still, is killed and comes back, or lost the end of its write-ahead log, waits within
// its limit or ends with a named error, and gives the rows of a run without any of that.
import { join } from 'node:path';
import test from 'ava';
import { startHBase } from './hbase.ts';
import { provesJobOutlivesServer, shortenLog } from './job-outlives-server.ts';

await provesJobOutlivesServer(test, {
  backend: 'hbase',
  option: 'url',
  start: startHBase,
  unreachable: /thrift2:\/\/127\.0\.0\.1:\d+/,
  truncateLog: (directory, share) => shortenLog(join(directory, 'hbase', 'data', 'WALs'), share),
});
