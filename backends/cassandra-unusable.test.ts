// Proves that a Cassandra which asks for a password, for TLS or for rights is used by whoever gives them, and that who does not, or
// names a server that is too old, is told so within five seconds, with what to do: on a server with a password and a certificate of
// its own, and for the version through a proxy that has it say an older one. That a distance may lie before it. And that one whose disk
// is full is named, is not started on it, and has its checkpoint once there is room.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { Client } from 'cassandra-driver';
import { fill, smallDisk, whyNoSmallDisk } from '../scripts/campaigns/small-disk.ts';
import { type CassandraConfiguration, startCassandra } from '../scripts/servers/cassandra.ts';
import { requiredServer } from '../scripts/servers/required.ts';
import cassandra, { type CassandraOptions } from './cassandra.ts';
import { BackendError, type BackendErrorCode, StateBatch, type TableSpec } from './contract.ts';
import { listening, NAMED_WITHIN_MS, namedInTime, PASSWORD } from './served/named-in-time.ts';
import { numberedSlots, valuesIn } from './served/numbered-slots.ts';

const TABLE: TableSpec = { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 1024 };
const PATIENCE_MS = 60_000;
/** What the server says that it is; what stands in its place is as long, since the length goes before it. */
const VERSION = '5.0.8';
const KEY = 'swordfish';
const ADMINISTRATOR = { username: 'cassandra', password: 'cassandra' };

const root = mkdtempSync(join(tmpdir(), 'statebench-cassandra-asking-'));
const keystore = join(root, 'server.p12');
const certificate = join(root, 'server.pem');
const privateKey = join(root, 'key.pem');

/** A certificate that is its own authority, for `localhost` alone. */
function makeCertificate(): void {
  const key = ['-alias', 'server', '-keystore', keystore, '-storepass', KEY];
  const kind = ['-keyalg', 'EC', '-dname', 'CN=statebench', '-ext', 'san=dns:localhost', '-validity', '2', '-storetype', 'PKCS12'];
  execFileSync('keytool', ['-genkeypair', ...kind, ...key], { stdio: 'pipe' });
  writeFileSync(certificate, execFileSync('keytool', ['-exportcert', '-rfc', ...key], { stdio: 'pipe' }));
  execFileSync('openssl', ['pkcs12', '-in', keystore, '-nocerts', '-nodes', '-passin', `pass:${KEY}`, '-out', privateKey], {
    stdio: 'pipe',
  });
}

/** The server's own, so that it can be filled. */
const disk = join(root, 'disk');
const DISK_MIB = 400;
mkdirSync(disk);
const mounted = whyNoSmallDisk() === null ? await smallDisk(disk, DISK_MIB) : null;

const asking: CassandraConfiguration = {
  yaml: `authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
role_manager: CassandraRoleManager
roles_validity: 0ms
permissions_validity: 0ms
credentials_validity: 0ms
client_encryption_options:
  enabled: true
  optional: true
  keystore: ${keystore}
  keystore_password: ${KEY}
  store_type: PKCS12
`,
  // Its first user is there at once, not 10 s after it.
  flags: ['-Dcassandra.superuser_setup_delay_ms=0'],
};
const start = () => startCassandra({ directory: disk, durability: 'process-crash' }, asking);

const running = await requiredServer(test, () => {
  makeCertificate();
  return start();
});
test.after.always('remove certificate and disk', async () => {
  await running?.stop();
  await mounted?.[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

if (running !== undefined) {
  const { url } = running;
  const port = Number(url.split(':')[1]);
  const atName = `localhost:${port}`;

  const opened = async (options: Partial<CassandraOptions>) => {
    const store = await cassandra({ contactPoints: url, ...options }).open({ directory: tmpdir(), tables: [TABLE] });
    await store.close();
  };

  const fails = (t: ExecutionContext, options: Partial<CassandraOptions>, code: BackendErrorCode, message: RegExp) =>
    namedInTime(t, code, message, () => opened(options));

  async function asAdministrator(statements: readonly string[]): Promise<void> {
    const client = new Client({ contactPoints: [url], localDataCenter: 'datacenter1', credentials: ADMINISTRATOR });
    await client.connect();
    for (const statement of statements) await client.execute(statement);
    await client.shutdown();
  }

  test.serial('a server that asks for a password', async (t) => {
    await fails(t, {}, 'refused', /refused the user or the password .*: give username=… and password=…/);
    await fails(t, { username: 'cassandra', password: PASSWORD }, 'refused', /refused the user or the password/);
    await t.notThrowsAsync(opened({ ...ADMINISTRATOR, timeoutMs: PATIENCE_MS }));
  });

  test.serial('a user that may not write, and one that may use an empty keyspace that was made for it', async (t) => {
    await asAdministrator([
      "CREATE KEYSPACE lent WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
      "CREATE ROLE guest WITH PASSWORD = 'guest' AND LOGIN = true",
      'GRANT SELECT ON ALL KEYSPACES TO guest',
    ]);
    const guest = { username: 'guest', password: 'guest' };
    const message =
      /does not allow this user to do that \(User guest has no (CREATE|MODIFY) permission.*: grant the role CREATE, SELECT and MODIFY/;
    await fails(t, { ...guest, keyspace: 'of_its_own' }, 'refused', message);
    await fails(t, guest, 'refused', message);
    await fails(t, { ...guest, keyspace: 'lent' }, 'refused', message);
    await asAdministrator(['GRANT CREATE ON KEYSPACE lent TO guest', 'GRANT MODIFY ON KEYSPACE lent TO guest']);
    await t.notThrowsAsync(opened({ ...guest, keyspace: 'lent', timeoutMs: PATIENCE_MS }));
  });

  test.serial('a keyspace with more copies than there are servers', async (t) => {
    await asAdministrator(["CREATE KEYSPACE thrice WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}"]);
    const error = await t.throwsAsync(opened({ ...ADMINISTRATOR, keyspace: 'thrice', timeoutMs: PATIENCE_MS }));
    t.regex(error?.message ?? '', /has too few servers that run \(Not enough replicas.*: start the others, or give a lower consistency=…/);
  });

  test.serial('a certificate that nobody here trusts, and no TLS where there is none', async (t) => {
    await fails(
      t,
      { ...ADMINISTRATOR, contactPoints: atName, ssl: true },
      'refused',
      /does not trust \(self.signed certificate\): have NODE_EXTRA_CA_CERTS/,
    );
    const closing = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end('-ERR unknown command\r\n')));
    await fails(t, { contactPoints: await listening(t, closing), ssl: true }, 'refused', /does not speak TLS .*: leave ssl=true out/);
  });

  test.serial('a server that takes nothing but TLS', async (t) => {
    const pems = { cert: readFileSync(certificate), key: readFileSync(privateKey) };
    const front = createTlsServer(pems, (client) => {
      const server = connect(port, '127.0.0.1');
      client
        .on('error', () => server.destroy())
        .pipe(server)
        .on('error', () => client.destroy())
        .pipe(client);
    });
    await fails(t, { ...ADMINISTRATOR, contactPoints: await listening(t, front) }, 'refused', /speaks TLS: give ssl=true/);
  });

  test.serial('a trusted certificate, at a distance too, and one of another host', async (t) => {
    // Node reads the file that the variable names when it starts.
    const program = `
      const { default: cassandra } = await import(${JSON.stringify(new URL('./cassandra.js', import.meta.url).href)});
      const said = [];
      for (const more of [
        { contactPoints: 'localhost:${port}' },
        { contactPoints: 'localhost:${port}', rttMs: 1 },
        { contactPoints: '127.0.0.1:${port};localhost:${port}' },
        { contactPoints: '127.0.0.1:${port}' },
      ]) {
        const options = { ssl: true, timeoutMs: ${PATIENCE_MS}, ...${JSON.stringify(ADMINISTRATOR)}, ...more };
        try {
          const store = await cassandra(options).open({ directory: '.', tables: [${JSON.stringify(TABLE)}] });
          await store.close();
          said.push('opened');
        } catch (error) {
          said.push(error.message);
        }
      }
      console.log(JSON.stringify(said));
      process.exit();`;
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env });
    const said = JSON.parse(stdout) as string[];
    t.deepEqual(said.slice(0, 3), ['opened', 'opened', 'opened']);
    t.regex(said[3] ?? '', /has the certificate of another host .*: give contactPoints=… with the name that is in it/);
  });

  test.serial('a server that is too old', async (t) => {
    // The real one, whose answers say another version.
    const proxy = createServer((client) => {
      const server = connect(port, '127.0.0.1');
      const older = new Transform({
        transform(bytes: Buffer, _, done) {
          for (let at = bytes.indexOf(VERSION); at >= 0; at = bytes.indexOf(VERSION, at)) bytes.write('3.11.', at, 'latin1');
          done(null, bytes);
        },
      });
      client
        .on('error', () => server.destroy())
        .pipe(server)
        .on('error', () => client.destroy())
        .pipe(older)
        .pipe(client);
    });
    await fails(
      t,
      { ...ADMINISTRATOR, contactPoints: await listening(t, proxy) },
      'refused',
      /is Cassandra 3\.11\.: 4\.0 or newer is needed/,
    );
  });

  test.serial('a server whose disk is full', async (t) => {
    const why = whyNoSmallDisk();
    if (why !== null) return t.log(`not tried, since ${why}`);
    const place = { id: 1, directory: mkdtempSync(join(root, 'checkpoint-')) };
    const request = { directory: tmpdir(), tables: [TABLE], checkpoint: place };
    const backend = cassandra({ contactPoints: url, ...ADMINISTRATOR, timeoutMs: PATIENCE_MS });
    const store = await backend.open(request);
    const batch = new StateBatch(1_000, TABLE);
    await store.value('counts').write(numberedSlots(batch, { window: 7, value: 1 }));
    await (await store.checkpoint(place)).persist();
    await store.published(1);

    const ballast = join(disk, 'ballast');
    fill(ballast);
    const work = async () => {
      for (let value = 2; ; value++) await store.value('counts').write(numberedSlots(batch, { window: 7, value }));
    };
    const message = /any more .*: see its log, as one without room left on its disk stops|see its log: its disk may be full/;
    for (const attempt of [work, async () => store.value('counts').write(batch)])
      await t.throwsAsync(attempt, { instanceOf: BackendError, message }, 'a store that failed to write is at its end');
    await fails(t, ADMINISTRATOR, 'unavailable', /no Cassandra server answers at/);
    await store.close();
    await running.stop();

    const startMs = performance.now();
    const without = await start();
    t.true(performance.now() - startMs < NAMED_WITHIN_MS);
    t.regex(
      without.state === 'unavailable' ? without.reason : without.state,
      /the disk of .* has \d+ MiB left, and cassandra 5\.0\.8 needs/,
    );
    rmSync(ballast);
    const again = await start();
    if (again.state !== 'running') return t.fail(again.reason);
    try {
      const restored = await backend.restore(request);
      await restored.value('counts').read(numberedSlots(batch, { window: 7, value: 0 }));
      t.deepEqual([batch.present.indexOf(0), ...valuesIn(batch)], [-1, 1]);
      await restored.release(1);
      await restored.close();
    } finally {
      await again.server.stop();
    }
  });
}
