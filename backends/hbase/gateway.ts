/**
 * A Thrift2 gateway of HBase: a few connections with two calls in flight on each, rows by the thousand divided among
 * them, and errors that name the gateway and what to do.
 */
import { BackendError, type BackendErrorCode } from '../contract.ts';
import { LateError, type ThriftAddress, ThriftConnection, ThriftException } from './thrift-connection.ts';
import { ProtocolError, type ThriftReader, ThriftWriter, TYPE } from './thrift-protocol.ts';
import { speaksUnframed } from './unframed.ts';

export interface GatewayOptions extends ThriftAddress {
  /** What errors call it. */
  readonly shown: string;
  readonly connections: number;
  /** How long any answer may take before the store fails. */
  readonly timeoutMs: number;
  /** The longest request. The gateway closes the connection on a longer one than its own limit. */
  readonly requestBytesMax: number;
}

/** A call with a list of structs, one for each of some rows. */
export interface RowsCall {
  readonly method: string;
  /** Writes the struct of row `index`, its end included. */
  write(writer: ThriftWriter, index: number): void;
  /** Reads the result for the rows from `first` on; `type` is {@link TYPE.stop} where there is none. */
  read(reader: ThriftReader, type: number, first: number): void;
}

/** Connecting, and asking what is there, may take this long or a third of the limit: an error is to come within five seconds. */
const OPENING_MS = 3_500;
/** Enough rows to be worth a call of their own. */
const ROWS_MIN = 32;
const CALLS_IN_FLIGHT = 2;
/** TThriftServerType. */
const THRIFT_2 = 2;

/** A connection, or another in its place once it has lapsed. */
interface Line {
  connection: ThriftConnection;
  reopening: Promise<void> | undefined;
}

/** A buffer for one call at a time on a connection. */
interface Lane {
  readonly line: Line;
  readonly writer: ThriftWriter;
  busy: boolean;
}

export class Gateway {
  readonly shown: string;
  readonly #options: GatewayOptions;
  readonly #lanes: readonly Lane[];
  readonly #waiting: ((lane: Lane) => void)[] = [];
  #limitMs: number;
  #stalled = false;
  #verify: (() => Promise<void>) | undefined;

  /** @throws BackendError `unavailable` if nothing answers in time, `refused` if what answers is no Thrift2 gateway. */
  static async open(options: GatewayOptions): Promise<Gateway> {
    const { shown } = options;
    const openingMs = Math.min(options.timeoutMs, Math.max(OPENING_MS, options.timeoutMs / 3));
    const opened: ThriftConnection[] = [];
    try {
      opened.push(await ThriftConnection.open(options, openingMs));
      const type = await thriftServerType(opened[0]!);
      if (type !== THRIFT_2) throw notThrift2(shown, `is a Thrift${type} server`);
      while (opened.length < options.connections) opened.push(await ThriftConnection.open(options, openingMs));
    } catch (error) {
      for (const connection of opened) connection.close();
      if (opened.length === 1 && !(error instanceof BackendError) && (await speaksUnframed(options))) {
        throw new BackendError(
          'refused',
          `the gateway at ${shown} speaks Thrift without frames: start it with hbase.regionserver.thrift.framed=true (or -f)`,
          { cause: error },
        );
      }
      throw explain(error as Error, shown);
    }
    return new Gateway(options, opened, openingMs);
  }

  private constructor(options: GatewayOptions, connections: readonly ThriftConnection[], limitMs: number) {
    this.#options = options;
    this.#limitMs = limitMs;
    this.shown = options.shown;
    const lines = connections.map((connection): Line => ({ connection: this.#adopt(connection), reopening: undefined }));
    // A lane on every connection first, so that the first calls spread over all.
    this.#lanes = Array.from({ length: CALLS_IN_FLIGHT }, () =>
      lines.map((line) => ({ line, writer: new ThriftWriter(), busy: false })),
    ).flat();
  }

  /** From now on `verify` is asked, before a result counts, whenever the server may have come up anew since the last. */
  watch(verify: () => Promise<void>): void {
    this.#verify = verify;
  }

  /** How long an answer may take: {@link GatewayOptions.timeoutMs} unless said otherwise; less while a gateway is opened. */
  setLimit(limitMs = this.#options.timeoutMs): void {
    this.#limitMs = limitMs;
    for (const { line } of this.#lanes) line.connection.timeoutMs = limitMs;
  }

  /** @throws BackendError as {@link explain} has it. */
  async call<T>(method: string, write: (writer: ThriftWriter) => void, read: (reader: ThriftReader, type: number) => T): Promise<T> {
    let result: T | undefined;
    const lane = this.#freeLane() ?? (await this.#nextLane());
    try {
      if (lane.line.connection.lapsed) await this.#reopen(lane.line);
      lane.writer.begin(method);
      write(lane.writer);
      await lane.line.connection.call(lane.writer.end(), (reader, type) => {
        result = read(reader, type);
      });
    } catch (error) {
      throw this.explain(error as Error);
    } finally {
      this.#release(lane);
    }
    if (this.#stalled) await this.#look();
    return result as T;
  }

  /**
   * One call or several for `count` rows of a table: divided among the connections, and none longer than a request may be.
   * Settles when all are answered, whichever of them fails.
   */
  async rows(table: Uint8Array, count: number, call: RowsCall): Promise<void> {
    const share = Math.max(ROWS_MIN, Math.ceil(count / this.#options.connections));
    const sent: Promise<void>[] = [];
    let failure: Error | undefined;
    for (let first = 0; first < count && failure === undefined; ) {
      const lane = this.#freeLane() ?? (await this.#nextLane());
      if (lane.line.connection.lapsed) {
        await this.#reopen(lane.line).catch((error: Error) => {
          failure = error;
        });
      }
      const end = this.#writeRows(lane.writer, table, call, first, Math.min(count, first + share));
      const from = first;
      const answered = lane.line.connection
        .call(lane.writer.end(), (reader, type) => call.read(reader, type, from))
        .then(
          () => this.#release(lane),
          (error: Error) => {
            failure ??= error;
            this.#release(lane);
          },
        );
      sent.push(answered);
      first = end;
    }
    if (sent.length === 1) await sent[0];
    else await Promise.all(sent);
    if (failure !== undefined) throw this.explain(failure);
    if (this.#stalled) await this.#look();
  }

  close(): void {
    for (const { line } of this.#lanes) line.connection.close();
  }

  explain(error: Error): BackendError {
    return explain(error, this.shown);
  }

  #adopt(connection: ThriftConnection): ThriftConnection {
    connection.timeoutMs = this.#limitMs;
    connection.onStall = () => {
      this.#stalled = true;
    };
    return connection;
  }

  #reopen(line: Line): Promise<void> {
    line.reopening ??= ThriftConnection.open(this.#options, this.#limitMs)
      .then((connection) => {
        line.connection = this.#adopt(connection);
      })
      .finally(() => {
        line.reopening = undefined;
      });
    return line.reopening;
  }

  async #look(): Promise<void> {
    this.#stalled = false;
    await this.#verify?.();
  }

  /** @returns the first row that has no more room. */
  #writeRows(writer: ThriftWriter, table: Uint8Array, call: RowsCall, first: number, end: number): number {
    const { requestBytesMax } = this.#options;
    writer.begin(call.method);
    writer.field(TYPE.binary, 1);
    writer.binary(table);
    writer.field(TYPE.list, 2);
    const size = writer.list(TYPE.struct);
    let index = first;
    let longest = 0;
    for (let before = writer.length; index < end && before + longest < requestBytesMax; index++) {
      call.write(writer, index);
      longest = Math.max(longest, writer.length - before);
      before = writer.length;
    }
    writer.setSize(size, index - first);
    return index;
  }

  #freeLane(): Lane | undefined {
    const lane = this.#lanes.find(({ busy }) => !busy);
    if (lane !== undefined) lane.busy = true;
    return lane;
  }

  #nextLane(): Promise<Lane> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(lane: Lane): void {
    const next = this.#waiting.shift();
    if (next === undefined) lane.busy = false;
    else next(lane);
  }
}

async function thriftServerType(connection: ThriftConnection): Promise<number> {
  const writer = new ThriftWriter(64);
  let type = 0;
  writer.begin('getThriftServerType');
  await connection.call(writer.end(), (reader) => {
    type = reader.i32();
  });
  return type;
}

function notThrift2(shown: string, what: string): BackendError {
  return new BackendError(
    'refused',
    `what answers at ${shown} ${what}: start HBase's Thrift2 gateway (hbase thrift2 start) and give its port`,
  );
}

interface Remedy {
  readonly pattern: RegExp;
  readonly code: BackendErrorCode;
  readonly what: string;
  readonly remedy: string;
}

/** By the names of HBase's exceptions and their words. */
const REMEDIES: readonly Remedy[] = [
  {
    pattern: /read-?only/i,
    code: 'refused',
    what: 'is read-only',
    remedy: 'give one that may write (hbase.thrift.readonly=false, and the table not READONLY)',
  },
  {
    pattern: /AccessDenied|Insufficient permissions/,
    code: 'refused',
    what: 'does not allow its user to do that',
    remedy: 'grant it create, read and write on the table',
  },
  {
    pattern: /SpaceLimiting|quota|No space left|disk.*full/i,
    code: 'refused',
    what: 'has no room left',
    remedy: 'raise the quota or free some space, or run with less state',
  },
  {
    pattern: /TableNotFound/,
    code: 'unavailable',
    what: 'has lost the table',
    remedy: 'somebody dropped it: begin again',
  },
  {
    pattern: /TableNotEnabled|is disabled/,
    code: 'unavailable',
    what: 'has the table disabled',
    remedy: 'enable it in the HBase shell',
  },
  {
    pattern: /NamespaceNotFound/,
    code: 'refused',
    what: 'has no such namespace',
    remedy: 'create it in the HBase shell, or give another as table=NAMESPACE:NAME',
  },
  {
    pattern:
      /RegionTooBusy|Failed after attempts|NotServingRegion|NoServerForRegion|RetriesExhausted|PleaseHold|MasterNotRunning|KeeperErrorCode|Connection refused|timed? ?out/i,
    code: 'unavailable',
    what: 'cannot reach its HBase',
    remedy: 'see that master and region servers run and are not overloaded',
  },
];

/** What went wrong, by whom, and what to do. */
function explain(error: Error, shown: string): BackendError {
  if (error instanceof BackendError) return error;
  if (error instanceof ThriftException) {
    if (error.unknownMethod) {
      return notThrift2(shown, `does not know a method (${error.message}): it is Thrift1, or older than HBase 2.4. Instead`);
    }
    const message = error.message.split('\n', 1)[0]!.slice(0, 300);
    const known = REMEDIES.find(({ pattern }) => pattern.test(error.message));
    const { code, what, remedy } = known ?? { code: 'refused', what: 'refused a call', remedy: "see the gateway's log" };
    return new BackendError(code, `the HBase gateway at ${shown} ${what} (${message}): ${remedy}`, { cause: error });
  }
  if (error instanceof ProtocolError) return notThrift2(shown, `is no Thrift2 gateway (${error.message})`);
  if (error instanceof LateError) {
    return new BackendError(
      'unavailable',
      `the HBase gateway at ${shown} gives no answer (${error.message}): see that it speaks Thrift2, that master and region servers run, have room on their disks and are not overloaded, or give it more time by timeoutMs`,
      { cause: error },
    );
  }
  return new BackendError(
    'unavailable',
    `no HBase gateway answers at ${shown} (${error.message}): start one there (hbase thrift2 start -f), or give url=thrift2://HOST:PORT`,
    { cause: error },
  );
}
