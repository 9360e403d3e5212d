/** One connection to Redis: opened and checked within a limit, errors with a name and a remedy, never a password in them. */
import { type Command, Redis } from 'ioredis';
import { BackendError, type Durability } from '../contract.ts';
import { type Address, atDistance, tlsFor } from '../served/distance.ts';

export interface ConnectionOptions {
  /** `redis://` or `rediss://`; may hold a user and a password. */
  readonly url: string;
  /** How long connecting, and later any answer, may take. */
  readonly timeoutMs: number;
  /** How much further away than it is the server is to be. */
  readonly rttMs: number;
  /** Shown by CLIENT LIST for as long as the connection lives. */
  readonly name: string;
}

const DEFAULT_PORT = 6379;

/** What a server says of itself. */
export interface ServerFacts {
  readonly version: string;
  readonly appendFsync: 'off' | 'no' | 'everysec' | 'always';
  /** What it may take of its machine's memory, in words: no budget of a run binds a server. */
  readonly memory: string;
}

/** ZRANGE BYLEX came with 6.2. */
const VERSION_MIN = [6, 2] as const;

/** A url as it may be shown: without user and password. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function addressOf(url: string): Address {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? DEFAULT_PORT : Number(port) };
}

function urlAt(url: string, { host, port }: Address): string {
  const moved = new URL(url);
  moved.hostname = host.includes(':') ? `[${host}]` : host;
  moved.port = String(port);
  return moved.href;
}

export class RedisConnection {
  readonly #client: Redis;
  readonly #shown: string;
  readonly #timeoutMs: number;
  readonly #name: string;
  /** The first thing that went wrong with the socket: later failures follow from it. */
  #broken: Error | undefined;

  /** @param at where the server is to be connected to. */
  private constructor({ url, timeoutMs, name }: ConnectionOptions, at: Address) {
    this.#shown = shownUrl(url);
    this.#timeoutMs = timeoutMs;
    this.#name = name;
    this.#client = new Redis(urlAt(url, at), {
      ...(url.startsWith('rediss:') ? { tls: tlsFor(addressOf(url).host) } : {}),
      lazyConnect: true,
      connectTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      connectionName: name,
      // A store whose connection broke does not know which of its writes arrived: it fails, and is restored.
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      enableReadyCheck: false,
      protocol: 2,
    });
    this.#client.on('error', (error: Error) => {
      this.#broken ??= error;
    });
  }

  /**
   * @throws BackendError `unavailable` if no server answers within the limit, `refused` if it does not let us in, is too
   * old, or could throw state away when memory runs out.
   */
  static async open(options: ConnectionOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options, await atDistance(addressOf(options.url), options.rttMs));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${options.timeoutMs} ms`)), options.timeoutMs);
    });
    try {
      const connecting = connection.#client.connect().then(() => connection.#client.ping());
      connecting.catch(() => {}); // after a timeout nobody waits for it any more
      await Promise.race([connecting, late]);
    } catch (error) {
      connection.#client.disconnect();
      throw connection.#explain(connection.#broken ?? (error as Error));
    } finally {
      clearTimeout(timer);
    }
    return connection;
  }

  /** @throws BackendError `refused` if the server is too old, may evict state, or keeps less than `durability` asks. */
  async check(durability: Durability): Promise<ServerFacts> {
    const info = new Map(
      String(await this.call('INFO'))
        .split('\r\n')
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    );
    const refused = (what: string) => new BackendError('refused', `the Redis server at ${this.#shown} ${what}`);
    const version = info.get('redis_version') ?? '0';
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1])) {
      throw refused(`is version ${version}: ${VERSION_MIN.join('.')} or newer is needed for ZRANGE BYLEX`);
    }
    const policy = info.get('maxmemory_policy') ?? 'noeviction';
    if (policy !== 'noeviction' && info.get('maxmemory') !== '0') {
      throw refused(`evicts keys when memory runs out (maxmemory-policy ${policy}), which would lose state: set it to noeviction`);
    }
    const appendFsync = info.get('aof_enabled') === '1' ? await this.#appendFsync() : 'off';
    const enough = { volatile: true, 'process-crash': appendFsync !== 'off', 'os-crash': appendFsync === 'always' }[durability];
    if (!enough) {
      const remedy = `start it with appendonly yes${durability === 'os-crash' ? ' and appendfsync always' : ''}, or ask for less`;
      throw refused(`does not keep what durability=${durability} asks (append-only file: ${appendFsync}): ${remedy}`);
    }
    const most = info.get('maxmemory') ?? '0';
    return {
      version,
      appendFsync,
      memory: most === '0' ? 'the server’s own, without a limit' : `the server’s own, maxmemory ${most} bytes`,
    };
  }

  /** A command that is not worth encoding by hand. Buffers in the reply. */
  call(name: string, ...args: (string | Buffer)[]): Promise<unknown> {
    return this.#client.callBuffer(name, ...args).catch((error: Error) => {
      throw this.#explain(error);
    });
  }

  /** Sends encoded commands in one write and answers their replies, in order. One promise for one command. */
  async send(commands: readonly Command[]): Promise<readonly unknown[]> {
    const client = this.#client;
    try {
      if (commands.length === 1) return [await client.sendCommand(commands[0] as Command)];
      client.stream?.cork();
      const replies = commands.map((command) => client.sendCommand(command));
      client.stream?.uncork();
      // Until all are answered the writer's buffer is in use, whichever of them fails.
      const settled = await Promise.allSettled(replies);
      return settled.map((reply) => {
        if (reply.status === 'rejected') throw reply.reason;
        return reply.value;
      });
    } catch (error) {
      throw this.#explain(error as Error);
    }
  }

  /** Ends every other connection of this one's name: nothing that they had still to say is heard after this. */
  async endOthers(): Promise<void> {
    const own = String(await this.call('CLIENT', 'ID'));
    const clients = String(await this.call('CLIENT', 'LIST')).split('\n');
    for (const client of clients) {
      const [, id] = /^id=(\d+) /.exec(client) ?? [];
      if (id === undefined || id === own || !client.includes(` name=${this.#name} `)) continue;
      // It may end by itself meanwhile.
      await this.call('CLIENT', 'KILL', 'ID', id);
    }
  }

  /** Runs `last`, which may fail if the connection is gone already, and disconnects. */
  async close(last: () => Promise<unknown>): Promise<void> {
    if (this.#client.status === 'ready') await last().catch(() => {});
    this.#client.disconnect();
  }

  async #appendFsync(): Promise<ServerFacts['appendFsync']> {
    const [, value] = (await this.call('CONFIG', 'GET', 'appendfsync')) as Buffer[];
    return String(value) as ServerFacts['appendFsync'];
  }

  #explain(error: Error): BackendError {
    if (error instanceof BackendError) return error;
    const { message } = error;
    const tell = (code: 'refused' | 'unavailable', what: string, remedy: string) =>
      new BackendError(code, `the Redis server at ${this.#shown} ${what} (${message}): ${remedy}`, { cause: error });
    if (/^(WRONGPASS|NOAUTH|ERR (AUTH|invalid password|Client sent AUTH))/.test(message)) {
      return tell('refused', 'refused the password', 'give its own, as url=redis://:PASSWORD@HOST:PORT');
    }
    if (/^NOPERM/.test(message)) return tell('refused', 'does not allow this user to do that', 'give the user the rights in its ACL');
    if (/^OOM/.test(message)) return tell('refused', 'is out of memory', 'raise its maxmemory or run with less state');
    if (/^READONLY/.test(message)) return tell('refused', 'is a read-only replica', 'name its primary');
    if (/^Unknown RESP type/.test(message))
      return tell('refused', 'does not speak as Redis does', 'is it another server that listens there?');
    if (error.name === 'ReplyError') return tell('refused', 'refused a command', 'see its log');
    const cause = this.#broken ?? error;
    return new BackendError(
      'unavailable',
      `no Redis server answers at ${this.#shown} (${cause.message}; limit ${this.#timeoutMs} ms): start one there, or give url=redis://HOST:PORT`,
      { cause },
    );
  }
}
