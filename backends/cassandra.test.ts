// Proves the Cassandra backend by the conformance suite on a real server, and that a server which is absent, silent, another's
// or killed, and a keyspace which is somebody else's, give a named error within the limit, with the address in it.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Client } from 'cassandra-driver';
import { startCassandra } from '../scripts/servers/cassandra.ts';
import { requiredServer } from '../scripts/servers/required.ts';
import { behindGroup } from './cassandra/partitions.ts';
import cassandra, { type CassandraOptions, options } from './cassandra.ts';
import { backendFrom, conformance } from './conformance.ts';
import { StateBatch, type StateStore, type TableSpec } from './contract.ts';
import { listening, namedInTime, PASSWORD } from './served/named-in-time.ts';
import { numberedSlots } from './served/numbered-slots.ts';

const running = await requiredServer(test, (directory) => startCassandra({ directory, durability: 'process-crash' }));

const TABLE: TableSpec = { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 1024 };

const open = (contactPoints: string, more: Partial<CassandraOptions> = {}): Promise<StateStore> =>
  cassandra({ contactPoints, ...more }).open({ directory: tmpdir(), tables: [TABLE] });

/** Something that does what `answer` says with what it is sent. */
function impostor(t: ExecutionContext, answer: string): Server {
  return createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => (answer === '' ? undefined : socket.write(answer)));
    t.teardown(() => socket.destroy());
  });
}

test.serial('a closed port is unavailable', async (t) => {
  const server = impostor(t, '');
  const at = await listening(t, server);
  server.close();
  await namedInTime(t, 'unavailable', /no Cassandra server answers at 127\.0\.0\.1:\d+ .*start one there/, () =>
    open(at, { username: 'me', password: PASSWORD }),
  );
});

test.serial('a port that never answers is unavailable, and one where something else does is refused', async (t) => {
  await namedInTime(t, 'unavailable', /no Cassandra server answers/, async () => open(await listening(t, impostor(t, ''))));
  const message = /is no Cassandra \(it says '-ERR unknown command'\): give contactPoints=HOST:PORT/;
  await namedInTime(t, 'refused', message, async () => open(await listening(t, impostor(t, '-ERR unknown command\r\n'))));
});

test.serial('addresses and keyspaces that are none are refused before anything runs', (t) => {
  for (const contactPoints of ['', ';', 'a;;b', 'a b', 'a,b']) t.throws(() => options.parse({ contactPoints }));
  for (const keyspace of ['', 'A', '1a', 'a-b', 'a;DROP']) t.throws(() => options.parse({ contactPoints: 'a', keyspace }));
  t.notThrows(() => options.parse({ contactPoints: 'a:9042;b:9042' }));
});

test('what lies behind a group starts with no group like it', (t) => {
  const behind = (...bytes: number[]) => behindGroup(Buffer.from(bytes))?.toJSON().data;
  t.deepEqual(behind(1, 2), [1, 3]);
  t.deepEqual(behind(1, 0xff), [2]);
  t.is(behind(0xff, 0xff), undefined);
});

if (running !== undefined) {
  const { url } = running;
  conformance(test, backendFrom(import.meta.resolve('./cassandra.js'), { contactPoints: url, timeoutMs: 60_000 }));

  /** A client of the test's own. */
  async function administrator(t: ExecutionContext): Promise<Client> {
    const client = new Client({ contactPoints: [url], localDataCenter: 'datacenter1', socketOptions: { readTimeout: 60_000 } });
    await client.connect();
    t.teardown(() => client.shutdown());
    return client;
  }

  const rows = async (client: Client, keyspace: string) => {
    const all = await Promise.all(
      ['namespaces', 'value_rows', 'list_rows'].map((table) => client.execute(`SELECT * FROM ${keyspace}.${table}`)),
    );
    return all.reduce((sum, result) => sum + result.rows.length, 0);
  };

  test.serial('a keyspace of somebody else is refused and left as it is', async (t) => {
    const client = await administrator(t);
    await client.execute("CREATE KEYSPACE theirs WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
    await client.execute('CREATE TABLE theirs.value_rows (id int PRIMARY KEY)');
    await namedInTime(t, 'refused', /keyspace theirs is not Statebench's: it holds value_rows; give keyspace=/, () =>
      open(url, { keyspace: 'theirs' }),
    );
    await client.execute('SELECT id FROM theirs.value_rows');
  });

  test.serial('an empty keyspace that was made for us is taken, unless it keeps something else than asked', async (t) => {
    const client = await administrator(t);
    await client.execute("CREATE KEYSPACE ours WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
    await namedInTime(t, 'refused', /keyspace ours has durable_writes = true, and durability=volatile asks for false/, () =>
      open(url, { keyspace: 'ours', durability: 'volatile' }),
    );
    await namedInTime(t, 'refused', /does not keep what durability=os-crash asks \(commitlog_sync: periodic\)/, () =>
      open(url, { keyspace: 'ours', durability: 'os-crash' }),
    );
    await (await open(url, { keyspace: 'ours' })).close();
    t.is(await rows(client, 'ours'), 0);
  });

  test.serial('stores that find no keyspace and open at once make it between them', async (t) => {
    const stores = await Promise.all(Array.from({ length: 12 }, () => open(url, { keyspace: 'between_them', timeoutMs: 60_000 })));
    for (const store of stores) {
      await store.value('counts').write(numberedSlots(new StateBatch(4, TABLE), { window: 7 }));
      await store.close();
    }
    t.is(await rows(await administrator(t), 'between_them'), 0);
  });

  test.serial('another data center is refused by name', async (t) => {
    await namedInTime(t, 'refused', /data center.*give localDataCenter/, () => open(url, { localDataCenter: 'elsewhere' }));
  });

  test.serial('a namespace lives as long as a checkpoint refers to it, and no longer', async (t) => {
    const client = await administrator(t);
    const directory = mkdtempSync(join(tmpdir(), 'statebench-cassandra-checkpoint-'));
    t.teardown(() => rmSync(directory, { recursive: true }));
    const batch = numberedSlots(new StateBatch(64, TABLE), { window: 7 });
    const backend = cassandra({ contactPoints: url, keyspace: 'ours' });
    const request = { directory: tmpdir(), tables: [TABLE], checkpoint: { id: 1, directory } };
    const made = await backend.open(request);
    await made.value('counts').write(batch);
    await (await made.checkpoint(request.checkpoint)).persist();
    await made.published(1);
    await made.close();
    t.true((await rows(client, 'ours')) > 64);
    const restored = await backend.restore(request);
    await restored.value('counts').read(batch);
    t.is(batch.present.indexOf(0), -1);
    await restored.release(1);
    await restored.close();
    t.is(await rows(client, 'ours'), 0);
    await namedInTime(t, 'damaged', /no longer has the state of checkpoint 1/, () => backend.restore(request));
  });

  test.serial('what a predecessor still writes loses against what the heir wrote, and is not seen otherwise', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'statebench-cassandra-checkpoint-'));
    t.teardown(() => rmSync(directory, { recursive: true }));
    const backend = cassandra({ contactPoints: url, keyspace: 'ours' });
    const request = { directory: tmpdir(), tables: [TABLE], checkpoint: { id: 1, directory } };
    const batch = numberedSlots(new StateBatch(64, TABLE), { window: 7 });
    const written = (byte: number) => {
      batch.present.fill(1);
      batch.valueArena.fill(byte);
      return batch;
    };
    const old = await backend.open(request);
    await old.value('counts').write(written(1));
    await (await old.checkpoint(request.checkpoint)).persist();
    await old.published(1);
    const heir = await backend.restore(request);
    await old.value('counts').write(numberedSlots(batch, { window: 8 }));
    await heir.value('counts').write(numberedSlots(written(2), { window: 7 }));
    await old.value('counts').write(numberedSlots(written(3), { window: 7 }));
    await heir.value('counts').read(numberedSlots(batch, { window: 7 }));
    t.is(
      batch.valueArena.findIndex((byte) => byte !== 2),
      -1,
    );
    await heir.value('counts').read(numberedSlots(batch, { window: 8 }));
    t.is(batch.present.indexOf(1), -1);
    await heir.release(1);
    await heir.close();
    await old.close();
  });
}
