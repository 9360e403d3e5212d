// Proves that Cassandra, HBase and HDFS listen on loopback alone, that nothing of them outlives an owner that is killed, and that they
// come back in the same directory, at the same address, with what they kept. One process owns each, so that it can be killed.
import { userInfo } from 'node:os';
import test, { type ExecutionContext } from 'ava';
import { Client } from 'cassandra-driver';
import { startCassandra } from './cassandra.ts';
import { startHBase } from './hbase.ts';
import { startHdfs } from './hdfs.ts';
import { isAlive, killOwner, onLoopbackAlone, requests, startOwned } from './owned-server.ts';
import { requiredServers } from './required.ts';
import type { ServerRequest, ServerStart } from './server.ts';

const { cassandra, hdfs, hbase } = await requiredServers(test, {
  cassandra: (directory) => startOwned('cassandra', 'startCassandra', directory),
  hdfs: (directory) => startOwned('hdfs', 'startHdfs', directory),
  hbase: (directory) => startOwned('hbase', 'startHBase', directory),
});

/** Starts the server in the directory that it had, and stops it once `check` is done. */
async function again(
  t: ExecutionContext,
  start: (request: ServerRequest) => Promise<ServerStart>,
  { file, url }: { readonly file: string; readonly url: string },
  check: () => Promise<void>,
): Promise<void> {
  const started = await start(requests.get(file)!);
  if (started.state === 'unavailable') return t.fail(started.reason);
  const { server } = started;
  try {
    t.is(server.url, url);
    await check();
  } finally {
    await server.stop();
  }
  t.false(server.pids.some(isAlive));
}

if (cassandra !== undefined) {
  test('cassandra', async (t) => {
    const connected = async (body: (client: Client) => Promise<void>): Promise<void> => {
      const client = new Client({ contactPoints: [cassandra.url], localDataCenter: 'datacenter1' });
      await client.connect();
      await body(client).finally(() => client.shutdown());
    };
    onLoopbackAlone(t, cassandra);
    await connected(async (client) => {
      await client.execute("CREATE KEYSPACE kept WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
      await client.execute('CREATE TABLE kept.rows (key int PRIMARY KEY, value int)');
      await client.execute('INSERT INTO kept.rows (key, value) VALUES (1, 42)');
    });
    await killOwner(t, cassandra);
    await again(t, startCassandra, { file: 'cassandra', url: cassandra.url }, () =>
      connected(async (client) => {
        t.is((await client.execute('SELECT value FROM kept.rows WHERE key = 1')).first()?.value, 42);
      }),
    );
  });
}

if (hdfs !== undefined) {
  test('hdfs', async (t) => {
    const folder = `${hdfs.url}/webhdfs/v1/kept?user.name=${userInfo().username}`;
    onLoopbackAlone(t, hdfs);
    t.deepEqual(await (await fetch(`${folder}&op=MKDIRS`, { method: 'PUT' })).json(), { boolean: true });
    await killOwner(t, hdfs);
    await again(t, startHdfs, { file: 'hdfs', url: hdfs.url }, async () => {
      t.like(await (await fetch(`${folder}&op=GETFILESTATUS`)).json(), { FileStatus: { type: 'DIRECTORY' } });
    });
  });
}

if (hbase !== undefined) {
  test('hbase', async (t) => {
    onLoopbackAlone(t, hbase);
    await killOwner(t, hbase);
    await again(t, startHBase, { file: 'hbase', url: hbase.url }, async () => {});
  });
}
