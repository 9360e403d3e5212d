/** A session with Cassandra: opened and checked within a limit, requests bounded in number, errors with a name and a remedy. */
import { auth, Client, type ClientOptions, type errors, policies, type QueryOptions, types } from 'cassandra-driver';
import { BackendError } from '../contract.ts';
import { type Address, atDistance, tlsFor } from '../served/distance.ts';
import { whatListens } from './what-listens.ts';

export interface SessionOptions {
  /** `HOST:PORT`, parted by `;`. */
  readonly contactPoints: string;
  readonly localDataCenter: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly ssl: boolean;
  /** How long any answer may take. */
  readonly timeoutMs: number;
  /** How much further away than they are the servers are to be. */
  readonly rttMs: number;
  readonly consistency: keyof typeof CONSISTENCIES;
  /** Requests under way at once. */
  readonly inFlight: number;
}

/** A statement with its values. */
export interface Statement {
  readonly query: string;
  readonly params: readonly unknown[];
}

export const CONSISTENCIES = {
  one: types.consistencies.one,
  quorum: types.consistencies.quorum,
  localQuorum: types.consistencies.localQuorum,
  localOne: types.consistencies.localOne,
  all: types.consistencies.all,
} as const;

const DEFAULT_PORT = 9042;
/** Of the time that an answer may take: by default connecting fails within five seconds where nobody answers. */
const CONNECT_SHARE = 0.4;
/** A table takes a second or two to be made, on a busy machine more. */
const SCHEMA_MS = 30_000;
/** `system_views`, which says how the commit log is kept, came with 4.0. */
const VERSION_MIN = 4;
const CODES = types.responseErrorCodes;
/** Codes of errors of Node's `tls`, and of OpenSSL, whose list of what is wrong with a certificate is long. */
const NO_TLS = /^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG))$/;
const OTHER_CERTIFICATE = /^ERR_TLS_CERT_ALTNAME_INVALID$/;
const CERTIFICATE = /CERT|^UNABLE_TO_/;

/** What the contact points say of themselves. */
export interface ServerFacts {
  readonly version: string;
  /** periodic, batch or group; `not told` where the server does not say. */
  readonly commitLog: string;
  /** When each server was started, by address: another text once one was started again. */
  readonly started: string;
}

export class CassandraSession {
  readonly #client: Client;
  readonly #options: SessionOptions;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  #connected = false;
  /** What made a write fail. Nobody knows then how much of it arrived: the store is at its end. */
  #broken: BackendError | undefined;

  private constructor(options: SessionOptions, at: readonly Address[]) {
    const { localDataCenter, username, password, ssl, timeoutMs, rttMs, consistency } = options;
    this.#options = options;
    const [first, ...others] = addressesOf(options.contactPoints).map(({ host }) => host);
    const clientOptions: ClientOptions = {
      contactPoints: at.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`),
      localDataCenter,
      ...(username !== undefined && { authProvider: new auth.PlainTextAuthProvider(username, password ?? '') }),
      // By itself the driver takes any certificate.
      ...(ssl && { sslOptions: { ...tlsFor(first!, ...others), rejectUnauthorized: process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0' } }),
      pooling: { coreConnectionsPerHost: { [types.distance.local]: 2 }, maxRequestsPerConnection: 4096 },
      socketOptions: { connectTimeout: timeoutMs * CONNECT_SHARE, readTimeout: timeoutMs, tcpNoDelay: true },
      queryOptions: { prepare: true, consistency: CONSISTENCIES[consistency] },
      policies: {
        retry: new policies.retry.FallthroughRetryPolicy(),
        ...(rttMs > 0 && { addressResolution: new DistantAddresses(rttMs) }),
      },
      encoding: { copyBuffer: false },
      isMetadataSyncEnabled: false,
    };
    this.#client = new Client(clientOptions);
  }

  /** @throws BackendError `unavailable` if no server answers within the limit, `refused` if it does not let us in or is too old. */
  static async open(options: SessionOptions): Promise<CassandraSession> {
    const addresses = addressesOf(options.contactPoints);
    const session = new CassandraSession(options, await Promise.all(addresses.map((address) => atDistance(address, options.rttMs))));
    const limitMs = options.timeoutMs * CONNECT_SHARE;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
    });
    try {
      const connecting = session.#client.connect();
      connecting.catch(() => {}); // after a timeout nobody waits for it any more
      await Promise.race([connecting, late]);
      session.#connected = true;
      return session;
    } catch (error) {
      await session.close();
      const explained = session.#explain(error as Error);
      if (explained.code !== 'unavailable' || options.ssl) throw explained;
      const found = await whatListens(addresses[0]!);
      if (found === null) throw explained;
      const what =
        found === 'tls' ? 'speaks TLS: give ssl=true' : `is no Cassandra (it says '${found.says}'): give contactPoints=HOST:PORT`;
      throw new BackendError('refused', `what listens at ${options.contactPoints} ${what}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws BackendError `refused` if the server is too old. */
  async facts(): Promise<ServerFacts> {
    const started: string[] = [];
    let version = '';
    for (const host of this.#client.hosts.values()) {
      const [row] = await this.rows('SELECT release_version, gossip_generation FROM system.local', [], { host });
      version = String(row?.release_version);
      started.push(`${host.address}=${row?.gossip_generation}`);
    }
    if (Number.parseInt(version, 10) < VERSION_MIN) {
      throw new BackendError('refused', `${this.#shown} is Cassandra ${version}: ${VERSION_MIN}.0 or newer is needed`);
    }
    const settings = await this.rows("SELECT value FROM system_views.settings WHERE name = 'commitlog_sync'", []).catch(() => []);
    return { version, commitLog: String(settings[0]?.value ?? 'not told'), started: started.sort().join(' ') };
  }

  /** Rows of a query that changes nothing, or by a condition only. */
  async rows(query: string, params: readonly unknown[], options: QueryOptions = {}): Promise<types.Row[]> {
    return (await this.page(query, params, { fetchSize: 0, ...options })).rows;
  }

  /** One page of a query's rows. */
  page(query: string, params: readonly unknown[], options: QueryOptions): Promise<types.ResultSet> {
    return this.#bounded(() => this.#client.execute(query, [...params], { prepare: params.length > 0, ...options }));
  }

  /** Makes something of the schema. */
  async define(query: string): Promise<void> {
    await this.#bounded(() => this.#client.execute(query, [], { prepare: false, readTimeout: SCHEMA_MS }));
  }

  /**
   * Writes statements of one partition, together if there are several. After a failure every other write fails too.
   * @param timestamp that the written cells get: the greatest one of a cell counts.
   */
  async write(statements: readonly Statement[], timestamp: types.Long): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    try {
      await this.#bounded(() => {
        const [only] = statements;
        if (only !== undefined && statements.length === 1) {
          return this.#client.execute(only.query, [...only.params], { prepare: true, timestamp });
        }
        const queries = statements.map(({ query, params }) => ({ query, params: [...params] }));
        return this.#client.batch(queries, { prepare: true, logged: false, timestamp });
      });
    } catch (error) {
      this.#broken ??= error as BackendError;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#client.shutdown().catch(() => {});
  }

  get #shown(): string {
    return `the Cassandra server at ${this.#options.contactPoints}`;
  }

  /** Waits for its turn, and gives errors their names. */
  async #bounded<T>(request: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.#options.inFlight) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#underWay++;
    try {
      return await request();
    } catch (error) {
      throw this.#explain(error as Error);
    } finally {
      this.#underWay--;
      this.#waiting.shift()?.();
    }
  }

  #explain(error: Error): BackendError {
    if (error instanceof BackendError) return error;
    const inner = Object.values((error as errors.NoHostAvailableError).innerErrors ?? {}) as Error[];
    const cause = inner[0] ?? error;
    const { message } = cause;
    // A number is the server's; a text, such as ECONNREFUSED, is the system's.
    const { code: said } = cause as { code?: unknown };
    const code = typeof said === 'number' ? said : undefined;
    const tell = (as: 'refused' | 'unavailable', what: string, remedy: string, why = message) =>
      new BackendError(as, `${this.#shown} ${what} (${why}): ${remedy}`, { cause: error });
    const all = [error, ...inner].map((each) => `${each.name} ${each.message}`).join(' ');
    if (code === CODES.badCredentials || /AuthenticationError|credential|password/i.test(all)) {
      return tell('refused', 'refused the user or the password', 'give username=… and password=…');
    }
    if (typeof said === 'string' && NO_TLS.test(said)) return tell('refused', 'does not speak TLS', 'leave ssl=true out', said);
    if (typeof said === 'string' && OTHER_CERTIFICATE.test(said)) {
      return tell('refused', 'has the certificate of another host', 'give contactPoints=… with the name that is in it');
    }
    if (typeof said === 'string' && CERTIFICATE.test(said)) {
      return tell(
        'refused',
        'has a certificate that this machine does not trust',
        "have NODE_EXTRA_CA_CERTS name a file with its authority's, or the certificate itself",
      );
    }
    if (/data ?center/i.test(all)) return tell('refused', 'is in another data center', 'give localDataCenter=…');
    switch (code) {
      case CODES.unauthorized:
        return tell('refused', 'does not allow this user to do that', 'grant the role CREATE, SELECT and MODIFY on the keyspace');
      case CODES.unavailableException:
        return tell(
          'unavailable',
          'has too few servers that run',
          'start the others, or give a lower consistency=…, or a keyspace=… with a lower replication=…',
        );
      case CODES.overloaded:
      case CODES.readTimeout:
      case CODES.writeTimeout:
        return tell('unavailable', 'could not do it in its own time', 'see its log, or run with smaller batches or a lower consistency');
      case CODES.readFailure:
      case CODES.writeFailure:
        return tell('refused', 'failed', 'see its log: its disk may be full');
      case CODES.invalid:
        if (/too large/i.test(message)) return tell('refused', 'takes no batch as large as that', 'give a smaller batchBytes=…');
        return tell('refused', 'refused a request', 'see its log');
      case undefined:
        break;
      default:
        return tell('refused', 'refused a request', 'see its log');
    }
    return new BackendError(
      'unavailable',
      this.#connected
        ? `no Cassandra server answers at ${this.#options.contactPoints} any more (${message}; limit ${this.#options.timeoutMs} ms): see its log, as one without room left on its disk stops, and start it again`
        : `no Cassandra server answers at ${this.#options.contactPoints} (${message}; limit ${this.#options.timeoutMs} ms): start one there, or give contactPoints=HOST:PORT`,
      { cause: error },
    );
  }
}

type AddressTranslator = policies.addressResolution.AddressTranslator;
/** A class, of which the driver wants an instance; its types call it an interface. */
const { AddressTranslator } = policies.addressResolution as unknown as { readonly AddressTranslator: new () => AddressTranslator };

/** Where servers are connected to that the first one named, so that they are as far away. */
class DistantAddresses extends AddressTranslator {
  readonly #rttMs: number;

  constructor(rttMs: number) {
    super();
    this.#rttMs = rttMs;
  }

  override translate(address: string, port: number, callback: (endpoint: string) => void): void {
    atDistance({ host: address, port }, this.#rttMs).then(
      ({ host, port: at }) => callback(`${host}:${at}`),
      () => callback(`${address}:${port}`),
    );
  }
}

function addressesOf(contactPoints: string): readonly Address[] {
  return contactPoints.split(';').map((point) => {
    const [, host = point, port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(point.trim()) ?? [];
    return { host, port: port === undefined ? DEFAULT_PORT : Number(port) };
  });
}
