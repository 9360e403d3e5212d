/**
 * WebHDFS, Hadoop's file system over HTTP, by `node:http`: https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-hdfs/WebHDFS.html
 *
 * Metadata is asked of a NameNode; bytes go to and come from the DataNode that it names. Of two NameNodes the one that
 * answered last is asked first, and the other where that one is gone or only stands by.
 */
import http, { type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { answeredFailure, connectionFailure, HdfsFailure, isMissing } from './failure.ts';

export interface WebHdfsOptions {
  /** Of one NameNode or two. */
  readonly addresses: readonly URL[];
  readonly user: string;
  /** How long all addresses together may take to answer, until {@link WebHdfs.patient} is called. */
  readonly timeoutMs: number;
  /** How long what may pass by itself is waited for from then on, and how long a transfer may stand still. */
  readonly waitMs: number;
  /** Copies of each block; null for the cluster's own number. */
  readonly replication: number | null;
}

export interface FileStatus {
  /** The last part of its path; empty if it was asked for by its own path. */
  readonly pathSuffix: string;
  readonly type: 'FILE' | 'DIRECTORY';
  readonly length: number;
}

/** How long one NameNode may take to answer before the other is asked. */
const ANSWER_MS_MAX = 10_000;
/** What a DataNode may take for one write while a storage is being opened; its first is its slowest. */
const FIRST_TRANSFER_MS = 20_000;
const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 1_000;
/** Of what a server says in an error. */
const COMPLAINT_BYTES_MAX = 1 << 16;

/** Where a NameNode tells, among other things, where it takes Hadoop's own protocol. */
const STATUS_BEAN = '/jmx?qry=Hadoop:service=NameNode,name=NameNodeStatus';
const ITSELF: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '0.0.0.0']);

/** What passes by itself, but not soon. */
const NO_START: ReadonlySet<string> = new Set(['StandbyException', 'SafeModeException']);

type Query = Readonly<Record<string, string>>;

export class WebHdfs {
  readonly #addresses: readonly URL[];
  readonly #user: string;
  readonly #timeoutMs: number;
  readonly #waitMs: number;
  readonly #replication: number | null;
  readonly #agent = new http.Agent({ keepAlive: true });
  #active = 0;
  #isPatient = false;
  /** After waiting in vain once, nothing is waited for until a server has answered again. */
  #gaveUp = false;

  constructor({ addresses, user, timeoutMs, waitMs, replication }: WebHdfsOptions) {
    this.#addresses = addresses;
    this.#user = user;
    this.#timeoutMs = timeoutMs;
    this.#waitMs = waitMs;
    this.#replication = replication;
  }

  /** From here on a service that does not answer is thought to come back. */
  patient(): void {
    this.#isPatient = true;
  }

  /** @returns null if there is nothing. */
  async status(path: string): Promise<FileStatus | null> {
    try {
      return ((await this.#ask('GET', 'GETFILESTATUS', path)) as { FileStatus: FileStatus }).FileStatus;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** What a folder holds. @throws HdfsFailure that {@link isMissing} knows, if it is not there */
  async list(path: string): Promise<readonly FileStatus[]> {
    return ((await this.#ask('GET', 'LISTSTATUS', path)) as { FileStatuses: { FileStatus: FileStatus[] } }).FileStatuses.FileStatus;
  }

  /** Makes a folder for its owner alone, and those above it. */
  async makeFolder(path: string): Promise<void> {
    await this.#ask('PUT', 'MKDIRS', path, { permission: '700' });
  }

  /**
   * Into a folder of the name `to` it moves what it is to rename, and says true; if it answers false, or twice because the first answer
   * was lost, nothing can be told from that either: look at what is there, before and after.
   */
  async rename(from: string, to: string): Promise<boolean> {
    return ((await this.#ask('PUT', 'RENAME', from, { destination: to })) as { boolean: boolean }).boolean;
  }

  /** Deletes a file, or a folder with all in it if `recursive`. What is not there is no error. */
  async delete(path: string, recursive: boolean): Promise<void> {
    await this.#ask('DELETE', 'DELETE', path, { recursive: String(recursive) });
  }

  /** Bytes that a folder takes on the DataNodes, all copies together. */
  async bytesTaken(path: string): Promise<number> {
    const { ContentSummary } = (await this.#ask('GET', 'GETCONTENTSUMMARY', path)) as { ContentSummary: { spaceConsumed: number } };
    return ContentSummary.spaceConsumed;
  }

  /** `HOST:PORT` where the NameNode that answered last takes Hadoop's own protocol. */
  async rpcAddress(): Promise<string> {
    const { origin, host, hostname } = this.#addresses[this.#active]!;
    const text = await this.persist(async () => {
      const signal = AbortSignal.timeout(this.#isPatient ? ANSWER_MS_MAX : this.#timeoutMs);
      const request = fetch(`${origin}${STATUS_BEAN}`, { signal });
      const response = await request.catch((error: Error) => Promise.reject(connectionFailure(error.cause ?? error, host)));
      if (!response.ok) throw answeredFailure(host, response.status, await response.text());
      return await response.text();
    });
    const [, name, port] = /"HostAndPort"\s*:\s*"([^"]+):(\d+)"/.exec(text) ?? [];
    if (name === undefined) throw new HdfsFailure(`${host} does not say where it takes the hdfs protocol`, null, false);
    // What it calls itself there may mean another machine here.
    return `${ITSELF.has(name) ? hostname : name}:${port}`;
  }

  /**
   * Writes a new file. Settles when the DataNodes have taken and closed it.
   * @param body of exactly `bytes` bytes; read once.
   * @throws HdfsFailure; then half a file may be there. What `body` throws.
   */
  async create(path: string, body: AsyncIterable<Buffer>, bytes: number): Promise<void> {
    const copies = this.#replication === null ? {} : { replication: String(this.#replication) };
    const location = await this.#locate('PUT', 'CREATE', path, { overwrite: 'false', ...copies });
    const request = http.request(location, {
      method: 'PUT',
      agent: this.#agent,
      headers: { 'content-type': 'application/octet-stream', 'content-length': bytes },
    });
    const answered = this.#transfer(request);
    answered.catch(() => {}); // it may fail while the body is still being sent
    try {
      // Who refuses a file may say so before all of it was sent.
      const response = await Promise.race([answered, pipeline(body, request).then(() => answered)]);
      const text = await textOf(response);
      if (response.statusCode !== 201) throw answeredFailure(location.host, response.statusCode ?? 0, text);
    } catch (error) {
      request.destroy();
      throw dataNodeFailure(error, location);
    }
  }

  /**
   * @returns the bytes from `offset` on, `length` of them; a stream that ends before fails.
   * @throws HdfsFailure, and so does the stream, once {@link streamFailure} has seen its error
   */
  async read(path: string, offset: number, length: number): Promise<{ readonly stream: Readable; readonly host: string }> {
    const location = await this.#locate('GET', 'OPEN', path, { offset: String(offset), length: String(length) });
    try {
      const request = http.request(location, { agent: this.#agent });
      const answered = this.#transfer(request);
      request.end();
      const response = await answered;
      if (response.statusCode !== 200) throw answeredFailure(location.host, response.statusCode ?? 0, await textOf(response));
      return { stream: response, host: location.host };
    } catch (error) {
      throw dataNodeFailure(error, location);
    }
  }

  /** Does something again as long as it fails with what may pass, within the time that is waited. */
  async persist<T>(attempt: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    for (let pauseMs = PAUSE_MS_MIN; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
      try {
        const result = await attempt();
        this.#gaveUp = false;
        return result;
      } catch (error) {
        if (!(error instanceof HdfsFailure) || !error.passing) throw error;
        if (performance.now() + pauseMs > startMs + this.#waitFor(error)) {
          this.#gaveUp = this.#isPatient;
          throw error;
        }
        await sleep(pauseMs);
      }
    }
  }

  /** How long a failure is given to pass, in ms: until it is known that there was a service, only what a service says that is starting. */
  #waitFor({ exception }: HdfsFailure): number {
    if (this.#isPatient) return this.#gaveUp ? 0 : this.#waitMs;
    return exception === null || NO_START.has(exception) ? 0 : this.#timeoutMs;
  }

  /** The DataNode's address for a transfer. No byte of a file ever goes to the NameNode. */
  async #locate(method: string, op: string, path: string, query: Query): Promise<URL> {
    const { Location: location } = (await this.#ask(method, op, path, { ...query, noredirect: 'true' })) as { Location?: unknown };
    const url = typeof location === 'string' && URL.canParse(location) ? new URL(location) : null;
    if (url?.protocol === 'http:') return url;
    throw new HdfsFailure(
      `${this.#addresses[this.#active]!.host} sends to ${url === null ? 'no DataNode' : url.origin}: only DataNodes over plain HTTP are spoken to, so the cluster must have dfs.http.policy HTTP_ONLY or HTTP_AND_HTTPS`,
      null,
      false,
    );
  }

  #ask(method: string, op: string, path: string, query: Query = {}): Promise<unknown> {
    return this.persist(() => this.#askAll(method, op, path, query));
  }

  /** Asks each NameNode, the active one first, until one answers. */
  async #askAll(method: string, op: string, path: string, query: Query): Promise<unknown> {
    const passed: HdfsFailure[] = [];
    for (let i = 0; i < this.#addresses.length; i++) {
      const index = (this.#active + i) % this.#addresses.length;
      try {
        const answer = await this.#askOne(this.#addresses[index]!, method, op, path, query);
        this.#active = index;
        return answer;
      } catch (error) {
        if (!(error instanceof HdfsFailure) || !error.passing) throw error;
        passed.push(error);
      }
    }
    const [first] = passed;
    if (passed.length === 1) throw first;
    // What the other answers when one only stands by is what matters.
    const told = passed.find(({ exception }) => exception !== null && exception !== 'StandbyException') ?? first!;
    throw new HdfsFailure(passed.map(({ message }) => message).join('; '), told.exception, true, { cause: told });
  }

  async #askOne({ origin, host }: URL, method: string, op: string, path: string, query: Query): Promise<unknown> {
    const parameters = new URLSearchParams({ op, 'user.name': this.#user, ...query });
    const url = `${origin}/webhdfs/v1${path.split('/').map(encodeURIComponent).join('/')}?${parameters}`;
    const timeoutMs = this.#isPatient ? Math.min(this.#waitMs, ANSWER_MS_MAX) : Math.ceil(this.#timeoutMs / this.#addresses.length);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = http.request(url, { method, agent: this.#agent, signal: AbortSignal.timeout(timeoutMs) }, resolve);
      request.on('error', (error) => reject(connectionFailure(isAbort(error) ? timedOut(timeoutMs) : error, host)));
      request.end();
    });
    const status = response.statusCode ?? 0;
    let text: string;
    try {
      text = await textOf(response);
    } catch (error) {
      throw connectionFailure(error, host);
    }
    if (status === 200) {
      try {
        return JSON.parse(text === '' ? '{}' : text);
      } catch {
        throw answeredFailure(host, status, '');
      }
    }
    // What a NameNode that does not know `noredirect` does: the address is where any client would look for it.
    const { location } = response.headers;
    if (status === 307 && location !== undefined) return { Location: location };
    throw answeredFailure(host, status, text);
  }

  /** A transfer may take long, but not stand still. */
  #transfer(request: http.ClientRequest): Promise<IncomingMessage> {
    const idleMs = this.#isPatient ? this.#waitMs : FIRST_TRANSFER_MS;
    request.setTimeout(idleMs, () => request.destroy(timedOut(idleMs)));
    return new Promise((resolve, reject) => {
      request.once('response', resolve);
      request.on('error', reject);
    });
  }
}

function isAbort(error: Error): boolean {
  return error.name === 'AbortError' || error.name === 'TimeoutError';
}

function timedOut(ms: number): Error {
  return Object.assign(new Error(`nothing came for ${ms} ms`), { code: 'ETIMEDOUT' });
}

/** What a transfer's error means: the DataNode's name is one that the NameNode chose, and may mean nothing here. */
function dataNodeFailure(error: unknown, { host, hostname }: URL): unknown {
  const failure = connectionFailure(error, `DataNode ${host}`);
  const { code } = error as { code?: unknown };
  if (code !== 'ENOTFOUND' && code !== 'EAI_AGAIN') return failure;
  return new HdfsFailure(
    `the DataNode is called ${hostname}, a name that is not known on this machine: add it to the hosts file, or set dfs.datanode.hostname`,
    null,
    false,
    { cause: error },
  );
}

/** The failure of a stream of {@link WebHdfs.read}. */
export function streamFailure(error: unknown, host: string): unknown {
  return connectionFailure(error, `DataNode ${host}`);
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (response.statusCode === 200 || bytes <= COMPLAINT_BYTES_MAX) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
