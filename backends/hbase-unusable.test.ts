// Proves that whoever names a gateway or a table that cannot be used is told so within five seconds, with what to do: absent, silent,
// of another protocol, without frames, Thrift1, too old, read-only; a table that is disabled or somebody else's, which stays as it is;
// and a server whose disk is full, which is not started on it. And that a distance may lie before a gateway.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { fill, smallDisk, whyNoSmallDisk } from '../scripts/campaigns/small-disk.ts';
import { installationOf } from '../scripts/servers/cache.ts';
import { startGuarded } from '../scripts/servers/guarded-process.ts';
import { startHBase } from '../scripts/servers/hbase.ts';
import { freePorts } from '../scripts/servers/ports.ts';
import { requiredServer } from '../scripts/servers/required.ts';
import { BackendError, StateBatch, type StateStore, type TableSpec } from './contract.ts';
import { Gateway } from './hbase/gateway.ts';
import hbase, { type HBaseOptions, options } from './hbase.ts';
import { listening, NAMED_WITHIN_MS, namedInTime } from './served/named-in-time.ts';
import { numberedSlots, valuesIn } from './served/numbered-slots.ts';

const COUNTS: TableSpec = { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 1024 };
const PATIENCE_MS = 60_000;
const MAIN = 'org.apache.hadoop.hbase.thrift2.ThriftServer';
/** Of the disk that the server has for itself, to be filled. */
const DISK_MIB = 400;

const root = mkdtempSync(join(tmpdir(), 'statebench-hbase-unusable-'));
const disk = join(root, 'disk');
mkdirSync(disk);
const mounted = whyNoSmallDisk() === null ? await smallDisk(disk, DISK_MIB) : null;
const start = () => startHBase({ directory: disk, durability: 'process-crash' });
const running = await requiredServer(test, start);
test.after.always('remove the disk', async () => {
  await running?.stop();
  await mounted?.[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

const open = (url: string, more: Partial<HBaseOptions> = {}): Promise<StateStore> =>
  hbase({ url, ...more }).open({ directory: tmpdir(), tables: [COUNTS] });

/** Something that listens on a free port and answers what it is sent as `answer` says. */
async function listen(t: ExecutionContext, answer: (sent: Buffer) => Buffer | undefined): Promise<string> {
  const impostor = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const reply = answer(bytes);
      if (reply !== undefined) socket.write(reply);
    });
    t.teardown(() => socket.destroy());
  });
  return `thrift2://${await listening(t, impostor)}`;
}

/** A reply of Thrift's to `getThriftServerType`: of this kind, with this result struct. */
function reply(kind: number, ...result: number[]): Buffer {
  const name = Buffer.from('getThriftServerType');
  return Buffer.concat([Buffer.of(0x80, 1, 0, kind, 0, 0, 0, name.length), name, Buffer.of(0, 0, 0, 0, ...result)]);
}

function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(4 + message.length);
  frame.writeUInt32BE(message.length);
  frame.set(message, 4);
  return frame;
}

test.serial('an address or a table name that is none is refused before anything runs', (t) => {
  for (const url of ['', 'localhost:9090', 'http://localhost:9090', 'thrift2://', 'thrift2://host', 'thrift2://user:p@host:1']) {
    t.throws(() => options.parse({ url }), undefined, url);
  }
  for (const table of ['', 'a:b:c', '-a', 'a b']) t.throws(() => options.parse({ url: 'thrift2://h:1', table }), undefined, table);
  t.throws(() => options.parse({}));
});

test.serial('nothing that listens is unavailable', async (t) => {
  await namedInTime(t, 'unavailable', /no HBase gateway answers at thrift2:\/\/127\.0\.0\.1:1 .*ECONNREFUSED.*start one there/, () =>
    open('thrift2://127.0.0.1:1'),
  );
});

test.serial('a port that never answers is unavailable', async (t) => {
  const url = await listen(t, () => undefined);
  await namedInTime(t, 'unavailable', /no answer within 3500 ms/, () => open(url));
});

test.serial('a server of another protocol is refused', async (t) => {
  const url = await listen(t, () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await namedInTime(t, 'refused', /is no Thrift2 gateway.*start HBase's Thrift2 gateway/, () => open(url));
});

test.serial('a gateway without frames is told from one that does not answer', async (t) => {
  // What it takes for the length of a name never comes whole.
  const url = await listen(t, (sent) => (sent[0] === 0x80 ? reply(2, 8, 0, 0, 0, 0, 0, 2, 0) : undefined));
  await namedInTime(t, 'refused', /without frames.*framed=true/, () => open(url));
});

test.serial('a Thrift1 gateway, and one that is too old to say what it is, are refused', async (t) => {
  const one = await listen(t, () => framed(reply(2, 8, 0, 0, 0, 0, 0, 1, 0)));
  await namedInTime(t, 'refused', /is a Thrift1 server: start HBase's Thrift2 gateway/, () => open(one));
  const why = [...Buffer.from('Invalid method name')];
  const old = await listen(t, () => framed(reply(3, 11, 0, 1, 0, 0, 0, why.length, ...why, 8, 0, 2, 0, 0, 0, 1, 0)));
  await namedInTime(t, 'refused', /does not know a method.*older than HBase 2\.4/, () => open(old));
});

if (running !== undefined) {
  const { url } = running;
  const { hostname: host, port } = new URL(url);
  const gatewayOptions = { host, port: Number(port), shown: url, connections: 1, timeoutMs: 10_000, requestBytesMax: 1_000_000 };

  test.serial("somebody else's table is refused and left alone", async (t) => {
    const gateway = await Gateway.open(gatewayOptions);
    t.teardown(() => gateway.close());
    const write = (writer: Parameters<Parameters<Gateway['call']>[1]>[0]) => {
      writer.field(12, 1);
      writer.field(12, 1);
      writer.field(11, 2);
      writer.text('theirs');
      writer.stop();
      writer.field(15, 2);
      writer.list(12, 1);
      writer.field(11, 1);
      writer.text('s');
      writer.stop();
      writer.stop();
    };
    await gateway.call('createTable', write, () => {});
    await namedInTime(t, 'refused', /table 'theirs'.*somebody else's, and is left alone: give another name/, () =>
      open(url, { table: 'theirs' }),
    );
    await namedInTime(t, 'refused', /no such namespace.*create it in the HBase shell/, () => open(url, { table: 'nowhere:a' }));
    const store = await open(url, { table: 'default:other' });
    await store.close();
  });

  /** A call that takes a table's name and gives nothing. */
  async function onTable(t: ExecutionContext, method: string, name: string): Promise<void> {
    const gateway = await Gateway.open(gatewayOptions);
    t.teardown(() => gateway.close());
    await gateway.call(
      method,
      (writer) => {
        writer.field(12, 1);
        writer.field(11, 2);
        writer.text(name);
        writer.stop();
      },
      () => {},
    );
  }

  test.serial('a table that is disabled is refused, and left so', async (t) => {
    await (await open(url, { table: 'sleeping', timeoutMs: PATIENCE_MS })).close();
    await onTable(t, 'disableTable', 'sleeping');
    await namedInTime(t, 'refused', /table 'sleeping' .* is disabled: enable it in the HBase shell/, () =>
      open(url, { table: 'sleeping' }),
    );
    await onTable(t, 'enableTable', 'sleeping');
    await (await open(url, { table: 'sleeping', timeoutMs: PATIENCE_MS })).close();
  });

  test.serial('a gateway that is at a distance', async (t) => {
    const store = await open(url, { rttMs: 5, timeoutMs: PATIENCE_MS });
    const batch = numberedSlots(new StateBatch(100, COUNTS), { window: 7, value: 3 });
    await store.value('counts').write(batch);
    const startMs = performance.now();
    await store.value('counts').read(numberedSlots(batch, { window: 7, value: 0 }));
    t.true(performance.now() - startMs >= 5);
    t.deepEqual(valuesIn(batch), [3]);
    await store.close();
  });

  test.serial('a gateway that is read-only', async (t) => {
    const installed = installationOf('hbase');
    if (installed.state !== 'whole') return t.fail(installed.state);
    // A second one, of the same HBase.
    const home = join(root, 'read-only');
    mkdirSync(home);
    const [free] = await freePorts(1);
    const classPath = [join(disk, 'hbase', 'conf'), join(installed.lib, '*')].join(':');
    const gateway = await startGuarded({
      command: 'java',
      args: ['-Xmx256m', '-cp', classPath, MAIN, 'start', '-p', String(free), '--readonly'],
      directory: home,
      log: join(home, 'thrift2.log'),
      graceMs: 0,
    });
    t.teardown(() => gateway.stop());
    const at = `thrift2://127.0.0.1:${free}`;
    const reached = async () => {
      try {
        await (await open(at, { timeoutMs: PATIENCE_MS })).close();
        return true;
      } catch (error) {
        return (error as BackendError).code !== 'unavailable';
      }
    };
    const ended = gateway.exited.then(() => true);
    while (!(await Promise.race([reached(), ended]))) await pause(50);
    await namedInTime(t, 'refused', /is read-only \(.*\): give one that may write \(hbase\.thrift\.readonly=false/, () => open(at));
  });

  test.serial('a server whose disk is full', async (t) => {
    const why = whyNoSmallDisk();
    if (why !== null) return t.log(`not tried, since ${why}`);
    const store = await open(url, { timeoutMs: 5_000 });
    const batch = new StateBatch(1_000, COUNTS);
    await store.value('counts').write(numberedSlots(batch, { window: 7, value: 1 }));
    const ballast = join(disk, 'ballast');
    fill(ballast);
    const work = async () => {
      for (let value = 2; ; value++) await store.value('counts').write(numberedSlots(batch, { window: 7, value }));
    };
    const message =
      /gives no answer .*: see that .* have room on their disks|cannot reach its HBase|has no room left|no HBase gateway answers/;
    await t.throwsAsync(work, { instanceOf: BackendError, message });
    await namedInTime(t, 'unavailable', message, () => open(url));
    await store.close();
    await running.stop();
    const startMs = performance.now();
    const without = await start();
    t.true(performance.now() - startMs < NAMED_WITHIN_MS);
    t.regex(without.state === 'unavailable' ? without.reason : without.state, /the disk of .* has \d+ MiB left, and hbase 2\.6\.4 needs/);
  });
}
