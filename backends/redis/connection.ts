/** One connection to Redis: opened and checked within a limit, errors with a name and a remedy, never a password in them. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Command, Redis } from 'ioredis';
import { BackendError, type Durability } from '../contract.ts';
import { type Address, atDistance, tlsFor } from '../served/distance.ts';

export interface ConnectionOptions {
  /** `redis://` or `rediss://`; may hold a user and a password. */
  readonly url: string;
  /** How long any answer may take; opening takes no longer than {@link openingMsOf} this. */
  readonly timeoutMs: number;
  /** How much further away than it is the server is to be. */
  readonly rttMs: number;
  /** Shown by CLIENT LIST for as long as the connection lives. */
  readonly name: string;
}

const DEFAULT_PORT = 6379;
/** Opening may take this long, or a third of the limit where that is more: an error is to come within five seconds. */
const OPENING_MS = 3_500;
/** Between two questions to a server that still loads what it kept. */
const LOADING_MS = 50;

/** How long connecting and asking the server what it is may take together. */
function openingMsOf(timeoutMs: number): number {
  return Math.min(timeoutMs, Math.max(OPENING_MS, timeoutMs / 3));
}

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

/** What a server's refusal begins with, what that means, and what to do. */
const REFUSALS: readonly (readonly [begins: RegExp, meaning: string, remedy: string])[] = [
  [
    /^(WRONGPASS|NOAUTH|ERR (AUTH|invalid password|Client sent AUTH))/,
    'refused the password',
    'give its own, as url=redis://:PASSWORD@HOST:PORT',
  ],
  [/^NOPERM/, 'does not allow this user to do that', 'give the user the rights in its ACL'],
  [/^OOM/, 'is out of memory', 'raise its maxmemory or run with less state'],
  [/^READONLY/, 'is a read-only replica', 'name its primary'],
  [/^LOADING/, 'is still loading what it kept', 'begin again once it is through'],
  [/^MISCONF/, 'cannot write to its disk', 'make room there, see its log'],
  [/^NOREPLICAS/, 'has too few replicas to be written to', 'start them, or lower its min-replicas-to-write'],
  [/^(MOVED|ASK|CLUSTERDOWN|CROSSSLOT)/, 'is part of a cluster', 'name a server that stands alone'],
  [/^ERR max number of clients/, 'has as many clients as it takes', 'raise its maxclients'],
  [/^ERR (DB index|invalid DB)/, 'has no database of that number', 'end the url in one that it has, as redis://HOST:PORT/0'],
  [/^WRONGTYPE/, 'has a key of somebody else where ours belongs', 'give another database, as url=redis://HOST:PORT/1'],
  [/^ERR unknown command/, 'does not know a command', 'it may have been renamed or forbidden in its configuration'],
  [/^Unknown RESP type/, 'does not speak as Redis does', 'is it another server that listens there?'],
];

export class RedisConnection {
  readonly #client: Redis;
  readonly #shown: string;
  readonly #name: string;
  /** How long the answer that is waited for may take, in milliseconds. */
  #limitMs: number;
  #isOpen = false;
  /** The first thing that went wrong with the socket: later failures follow from it. */
  #broken: Error | undefined;
  /** What a server said that still loads, which tells more than that time is up. */
  #loading: Error | undefined;

  /** @param at where the server is to be connected to. */
  private constructor({ url, timeoutMs, name }: ConnectionOptions, at: Address) {
    this.#shown = shownUrl(url);
    this.#name = name;
    this.#limitMs = openingMsOf(timeoutMs);
    this.#client = new Redis(urlAt(url, at), {
      ...(url.startsWith('rediss:') ? { tls: tlsFor(addressOf(url).host) } : {}),
      lazyConnect: true,
      connectTimeout: this.#limitMs,
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
   * Connects, waits for a server that still loads what it kept, and asks it what it is.
   * @throws BackendError `unavailable` if no server answers within the limit, `refused` if it does not let us in, is too old or
   * part of a cluster, could throw state away when memory runs out, or keeps less than `durability` asks.
   */
  static async open(
    options: ConnectionOptions,
    durability: Durability,
  ): Promise<{ readonly connection: RedisConnection; readonly facts: ServerFacts }> {
    const connection = new RedisConnection(options, await atDistance(addressOf(options.url), options.rttMs));
    const limitMs = connection.#limitMs;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      // Where this process was busy for so long, answers may lie there unread: they come first.
      const expire = () => reject(connection.#loading ?? new Error(`no answer within ${limitMs} ms`));
      timer = setTimeout(() => setImmediate(expire), limitMs);
    });
    try {
      const opening = connection.#open(durability, performance.now() + limitMs);
      opening.catch(() => {}); // after a timeout nobody waits for it any more
      const facts = await Promise.race([opening, late]);
      connection.#limitMs = options.timeoutMs;
      connection.#isOpen = true;
      return { connection, facts };
    } catch (error) {
      connection.#client.disconnect();
      throw connection.#explain(connection.#broken ?? (error as Error));
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param untilMs when to give up waiting for a server that loads. */
  async #open(durability: Durability, untilMs: number): Promise<ServerFacts> {
    await this.#client.connect();
    for (;;) {
      const answer = await this.#client.ping().catch((error: Error) => error);
      if (!(answer instanceof Error)) break;
      if (!answer.message.startsWith('LOADING') || performance.now() + LOADING_MS > untilMs) throw answer;
      this.#loading = answer;
      await pause(LOADING_MS);
    }
    // ioredis goes on in database 0 where that of the url could not be selected.
    if (this.#broken !== undefined) throw this.#broken;
    return this.#check(durability);
  }

  async #check(durability: Durability): Promise<ServerFacts> {
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
    const mode = info.get('redis_mode') ?? 'standalone';
    if (mode !== 'standalone') throw refused(`is of a ${mode}: name a server that stands alone`);
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
    if (commands.length === 0) return [];
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
    const tell = (what: string, remedy: string) =>
      new BackendError('refused', `the Redis server at ${this.#shown} ${what} (${message}): ${remedy}`, { cause: error });
    const known = REFUSALS.find(([begins]) => begins.test(message));
    if (known !== undefined) return tell(known[1], known[2]);
    if (error.name === 'ReplyError') return tell('refused a command', 'see its log');
    const cause = this.#broken ?? error;
    const isShut = !this.#isOpen && /EPIPE|ECONNRESET|Connection is closed/.test(cause.message);
    const orElse = isShut ? ', or if one is there see its log, its maxclients, and whether it wants TLS (rediss://)' : '';
    return new BackendError(
      'unavailable',
      `no Redis server answers at ${this.#shown} (${cause.message}; limit ${this.#limitMs} ms): start one there, or give url=redis://HOST:PORT${orElse}`,
      { cause },
    );
  }
}
