/** One socket to a Thrift server: framed calls, answered in the order in which they were sent. */
import { connect, type Socket } from 'node:net';
import { FRAME_BYTES, MESSAGE, ProtocolError, ThriftReader, TYPE } from './thrift-protocol.ts';

export interface ThriftAddress {
  readonly host: string;
  readonly port: number;
}

/** What a server answered in place of a result: an exception that its method declares, or that it does not know the method. */
export class ThriftException extends Error {
  /** True if the server has no such method. */
  readonly unknownMethod: boolean;

  constructor(message: string, unknownMethod: boolean) {
    super(message);
    this.unknownMethod = unknownMethod;
  }
}

/** The answer did not come in time. */
export class LateError extends Error {}

interface Waiting {
  /** Reads the result, which stands where the reader is; `type` is {@link TYPE.stop} for a call without result. */
  readonly decode: (reader: ThriftReader, type: number) => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** No answer is that long: what looks so comes from something that speaks another protocol. */
const FRAME_BYTES_MAX = 0x1000_0000;
const READ_BYTES = 1 << 18;
/** Field 0 of a reply is the result, every other one an exception. */
const RESULT = 0;
/** Type of a TApplicationException. */
const UNKNOWN_METHOD = 1;

/**
 * Longer than this, and a server may have come up again meanwhile, or be about to close a connection that is idle: HBase's
 * gateway does after a minute, its region server takes ten seconds to restart.
 */
const STALL_MS = 5_000;

/**
 * Calls may follow each other without waiting. A connection that failed once fails for ever: {@link broken} says why.
 * Bytes are received into one buffer that is kept; an answer is read in place, in the turn in which it is whole.
 */
export class ThriftConnection {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  readonly #reader = new ThriftReader();
  #received = Buffer.allocUnsafeSlow(2 * READ_BYTES);
  #from = 0;
  #to = 0;
  #timer: NodeJS.Timeout | undefined;
  #connected = false;
  #stall: NodeJS.Timeout | undefined;
  broken: Error | undefined;
  /** True if the connection ended while nobody waited for an answer: another one can take its place. */
  lapsed = false;
  /** Is told when nothing was heard for long, whether or not somebody waited. */
  onStall: () => void = () => {};
  /** How long an answer may take. */
  timeoutMs: number;

  /**
   * Connects within the limit.
   * @param timeoutMs how long connecting, and later any answer, may take.
   * @throws Error of the socket's, or saying that there was no answer.
   */
  static async open({ host, port }: ThriftAddress, timeoutMs: number): Promise<ThriftConnection> {
    let connection: ThriftConnection | undefined;
    await new Promise<void>((resolve, reject) => {
      connection = new ThriftConnection({ host, port }, timeoutMs, resolve, reject);
    });
    return connection!;
  }

  private constructor({ host, port }: ThriftAddress, timeoutMs: number, opened: () => void, failed: (error: Error) => void) {
    this.timeoutMs = timeoutMs;
    this.#waiting.push({ decode: () => {}, resolve: opened, reject: failed });
    this.#armTimer();
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      onread: {
        buffer,
        callback: (bytes) => {
          this.#receive(buffer, bytes);
          return true;
        },
      },
    });
    this.#socket.once('connect', () => {
      this.#connected = true;
      this.#waiting.shift()?.resolve();
      this.#armTimer();
    });
    this.#socket.on('error', (error) => this.#break(error));
    this.#socket.on('close', () => {
      if (this.broken === undefined && this.#waiting.length === 0) this.#lapse();
      this.#break(new Error('the connection was closed'));
    });
    this.#stall = setTimeout(() => {
      this.#stall?.refresh();
      if (this.#waiting.length === 0) this.#lapse();
      else this.onStall();
    }, STALL_MS);
  }

  /**
   * Sends a frame, which must not change until it is answered, and has `decode` read the result when it is there.
   * @throws ThriftException what the server says instead; Error if the connection broke or the answer is late.
   */
  call(frame: Buffer, decode: Waiting['decode']): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.broken !== undefined) {
        reject(this.broken);
        return;
      }
      this.#waiting.push({ decode, resolve, reject });
      if (this.#waiting.length === 1) this.#armTimer();
      this.#stall?.refresh();
      this.#socket.write(frame);
    });
  }

  close(): void {
    this.#break(new Error('the connection was closed'));
  }

  #lapse(): void {
    this.lapsed = true;
    this.onStall();
    this.#break(new Error('the connection was idle'));
  }

  #break(error: Error): void {
    this.broken ??= error;
    clearTimeout(this.#timer);
    clearTimeout(this.#stall);
    this.#stall = undefined;
    this.#socket?.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(this.broken);
  }

  /** Whoever waits longest has the whole limit from the moment at which it became the next. */
  #armTimer(): void {
    if (this.#waiting.length === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#break(new LateError(`no answer within ${Math.round(this.timeoutMs)} ms`)), this.timeoutMs);
  }

  #receive(bytes: Buffer, length: number): void {
    if (!this.#connected) return;
    this.#makeRoom(length);
    bytes.copy(this.#received, this.#to, 0, length);
    this.#to += length;
    let answered = false;
    while (this.#to - this.#from >= FRAME_BYTES && this.broken === undefined) {
      const frame = this.#received.readUInt32BE(this.#from);
      if (frame > FRAME_BYTES_MAX) {
        this.#break(new ProtocolError('what it answers is not framed Thrift'));
        return;
      }
      const start = this.#from + FRAME_BYTES;
      if (this.#to - start < frame) break;
      this.#from = start + frame;
      this.#answer(start, start + frame);
      answered = true;
    }
    if (!answered) return;
    this.#armTimer();
    this.#stall?.refresh();
  }

  #makeRoom(length: number): void {
    if (this.#from === this.#to) this.#from = this.#to = 0;
    if (this.#to + length <= this.#received.length) return;
    const held = this.#to - this.#from;
    const target = held + length > this.#received.length ? Buffer.allocUnsafeSlow(2 * (held + length)) : this.#received;
    this.#received.copy(target, 0, this.#from, this.#to);
    this.#received = target;
    this.#from = 0;
    this.#to = held;
  }

  #answer(start: number, end: number): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#break(new ProtocolError('it answered what was not asked'));
      return;
    }
    const reader = this.#reader;
    try {
      reader.set(this.#received, start, end);
      if (reader.message() === MESSAGE.exception) throw readException(reader);
      const type = reader.u8();
      if (type !== TYPE.stop && reader.i16() !== RESULT) throw readException(reader);
      waiting.decode(reader, type);
      waiting.resolve();
    } catch (error) {
      waiting.reject(error as Error);
      if (error instanceof ProtocolError) this.#break(error);
    }
  }
}

/** An exception's struct: field 1 is its message; a TApplicationException has its kind as field 2. */
function readException(reader: ThriftReader): ThriftException {
  let message = 'no message';
  let kind = 0;
  for (let type = reader.u8(); type !== TYPE.stop; type = reader.u8()) {
    const id = reader.i16();
    if (id === 1 && type === TYPE.binary) message = reader.text();
    else if (id === 2 && type === TYPE.i32) kind = reader.i32();
    else reader.skip(type);
  }
  return new ThriftException(message, kind === UNKNOWN_METHOD);
}
