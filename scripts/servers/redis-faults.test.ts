// Proves that a job on Redis whose server stands still for five seconds waits within its limit; that one whose server is killed ends
// with a named error, and goes on from what the server kept once it is there again, also where the end of its append-only file is
// lost, or says that nothing is left to go on from; and that all rows are those of a run without any of that: none lost, none doubled.
import { join } from 'node:path';
import test from 'ava';
import { provesJobOutlivesServer, shortenLog } from './job-outlives-server.ts';
import { startRedis } from './redis.ts';

await provesJobOutlivesServer(test, {
  backend: 'redis',
  option: 'url',
  options: (durability) => ({ durability }),
  start: startRedis,
  unreachable: /no Redis server answers at redis:\/\/127\.0\.0\.1:\d+/,
  job: { events: 12_000, batchSize: 20, checkpointEvery: 1_000 },
  truncateLog: (directory, share) => shortenLog(join(directory, 'appendonlydir'), share),
  keptShares: [0.999, 0.75, 0.1],
  forgets: true,
});
