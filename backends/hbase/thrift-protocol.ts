/**
 * Thrift's binary protocol as far as HBase's gateway is spoken to: structs, lists and byte strings written into one
 * reused buffer, and read in place. Framed: four bytes of length in front of every message.
 *
 * Source: thrift-binary-protocol.md and thrift-rpc.md of Apache Thrift.
 */

/** Type codes of the wire. */
export const TYPE = {
  stop: 0,
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  binary: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
} as const;

/** Kinds of message. */
export const MESSAGE = { call: 1, reply: 2, exception: 3 } as const;

/** Bytes of the frame's length. */
export const FRAME_BYTES = 4;
const VERSION = 0x8001;

/**
 * Writes one message at a time: {@link begin}, the arguments' fields, {@link end}. The bytes stay valid until the next
 * one begins. The buffer grows as needed and is kept.
 */
export class ThriftWriter {
  #bytes: Buffer;
  #at = 0;

  constructor(capacityBytes = 1 << 16) {
    this.#bytes = Buffer.allocUnsafeSlow(capacityBytes);
  }

  /** Bytes written of this message, frame included. */
  get length(): number {
    return this.#at;
  }

  begin(method: string): void {
    this.#at = FRAME_BYTES;
    this.reserve(method.length + 16);
    this.#bytes.writeUInt16BE(VERSION, this.#at);
    this.#bytes.writeUInt16BE(MESSAGE.call, this.#at + 2);
    this.#at += 4;
    this.text(method);
    this.i32(0); // replies come in order: a sequence number tells nothing
  }

  /** Ends the arguments and returns the whole frame. */
  end(): Buffer {
    this.stop();
    this.#bytes.writeUInt32BE(this.#at - FRAME_BYTES, 0);
    return this.#bytes.subarray(0, this.#at);
  }

  /** Makes room for so many more bytes, beside what the calls below reserve themselves. */
  reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(2 * (this.#at + bytes));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }

  field(type: number, id: number): void {
    this.reserve(3);
    this.#bytes[this.#at++] = type;
    this.#at = this.#bytes.writeUInt16BE(id, this.#at);
  }

  /** Ends a struct. */
  stop(): void {
    this.reserve(1);
    this.#bytes[this.#at++] = TYPE.stop;
  }

  bool(value: boolean): void {
    this.reserve(1);
    this.#bytes[this.#at++] = value ? 1 : 0;
  }

  i32(value: number): void {
    this.reserve(4);
    this.#bytes.writeInt32BE(value, this.#at);
    this.#at += 4;
  }

  /** A non-negative safe integer. */
  i64(value: number): void {
    this.reserve(8);
    this.#bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), this.#at);
    this.#bytes.writeUInt32BE(value >>> 0, this.#at + 4);
    this.#at += 8;
  }

  /** A byte string of its own. */
  binary(value: Uint8Array): void {
    this.i32(value.length);
    this.put(value, 0, value.length);
  }

  /** A byte string of printable ASCII. */
  text(value: string): void {
    this.i32(value.length);
    this.reserve(value.length);
    this.#at += this.#bytes.write(value, this.#at, 'latin1');
  }

  /** Bytes as they are: part of a byte string whose length was written, or fields prepared beforehand. */
  put(from: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = start; i < end; i++) bytes[at++] = from[i] as number; // narrow values: a loop beats a call to copy
    this.#at = at;
  }

  /** Starts a list and says where {@link setSize} puts how many elements it came to have. */
  list(type: number, size = 0): number {
    this.reserve(5);
    this.#bytes[this.#at++] = type;
    this.i32(size);
    return this.#at - 4;
  }

  setSize(at: number, size: number): void {
    this.#bytes.writeInt32BE(size, at);
  }
}

/** What came is no message of this protocol. */
export class ProtocolError extends Error {}

/** Reads a message in place. Byte strings are told as a place in {@link bytes}, so that reading allocates nothing. */
export class ThriftReader {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  #end = 0;
  /** Where the byte string that {@link binary} passed over begins; it ends at {@link at}. */
  start = 0;

  set(bytes: Buffer, at: number, end: number): void {
    this.bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  /** @returns the kind of message; behind it come its fields. @throws ProtocolError */
  message(): number {
    if (this.#end - this.at < 12 || this.bytes.readUInt16BE(this.at) !== VERSION) throw new ProtocolError('not a message of Thrift');
    const kind = this.bytes[this.at + 3] as number;
    this.at += 4;
    this.binary();
    this.at += 4;
    return kind;
  }

  u8(): number {
    this.#need(1);
    return this.bytes[this.at++] as number;
  }

  i16(): number {
    this.#need(2);
    const value = this.bytes.readInt16BE(this.at);
    this.at += 2;
    return value;
  }

  i32(): number {
    this.#need(4);
    const { bytes, at } = this;
    this.at = at + 4;
    return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  }

  /** Exact as far as a safe integer goes. */
  i64(): number {
    const high = this.i32();
    return high * 0x1_0000_0000 + (this.i32() >>> 0);
  }

  /** Passes over a byte string and leaves its place in {@link start} and {@link at}. */
  binary(): void {
    const length = this.i32();
    if (length < 0) throw new ProtocolError(`a byte string of ${length} bytes`);
    this.#need(length);
    this.start = this.at;
    this.at += length;
  }

  text(): string {
    this.binary();
    return this.bytes.toString('utf8', this.start, this.at);
  }

  /** A copy of all that has not been read. */
  rest(): Buffer {
    return Buffer.from(this.bytes.subarray(this.at, this.#end));
  }

  /** Passes over a value of any type. */
  skip(type: number): void {
    switch (type) {
      case TYPE.bool:
      case TYPE.byte:
        this.#pass(1);
        return;
      case TYPE.i16:
        this.#pass(2);
        return;
      case TYPE.i32:
        this.#pass(4);
        return;
      case TYPE.i64:
      case TYPE.double:
        this.#pass(8);
        return;
      case TYPE.binary:
        this.binary();
        return;
      case TYPE.struct:
        for (let field = this.u8(); field !== TYPE.stop; field = this.u8()) {
          this.#pass(2);
          this.skip(field);
        }
        return;
      case TYPE.list:
      case TYPE.set: {
        const element = this.u8();
        for (let left = this.i32(); left > 0; left--) this.skip(element);
        return;
      }
      case TYPE.map: {
        const key = this.u8();
        const value = this.u8();
        for (let left = this.i32(); left > 0; left--) {
          this.skip(key);
          this.skip(value);
        }
        return;
      }
      default:
        throw new ProtocolError(`a value of unknown type ${type}`);
    }
  }

  #pass(bytes: number): void {
    this.#need(bytes);
    this.at += bytes;
  }

  #need(bytes: number): void {
    if (this.at + bytes > this.#end) throw new ProtocolError('a message that ends too early');
  }
}
