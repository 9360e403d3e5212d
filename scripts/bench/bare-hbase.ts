/**
 * The bare loop of HBase: Thrift2 requests that are laid out once, of which a batch changes nothing but keys and values,
 * a quarter of it on each of four connections. It knows no epochs, no windows and no errors: less cannot be done for a batch.
 */
import { connect, type Socket } from 'node:net';
import { type BareLoop, Batch, SLOTS, VALUE_BYTES } from './bare-loops.ts';

const CONNECTIONS = 4;
const SHARE = SLOTS / CONNECTIONS;
const TABLE = 'bare';
const FAMILY = 's';
const QUALIFIER = 'v';
/** SYNC_WAL, as the backend's default. */
const DURABILITY = 3;

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const field = (type: number, id: number): Buffer => Buffer.of(type, 0, id);
const text = (value: string): Buffer => Buffer.concat([number(value.length), Buffer.from(value)]);
const STOP = Buffer.of(0);

/** A call, framed. */
function call(method: string, ...args: readonly Buffer[]): Buffer {
  const message = Buffer.concat([Buffer.of(0x80, 1, 0, 1), text(method), number(0), ...args, STOP]);
  return Buffer.concat([number(message.length), message]);
}

const NAME = Buffer.concat([field(11, 2), text(TABLE), STOP]);
const TABLE_ARGUMENT = [field(11, 1), text(TABLE), field(15, 2), Buffer.of(12), number(SHARE)];

/** One connection, one call at a time. */
class Line {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #answered: ((reply: Buffer) => void) | undefined;

  constructor(host: string, port: number) {
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on('data', (bytes) => {
      this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
      if (this.#received.length < 4 || this.#received.length < 4 + this.#received.readInt32BE(0)) return;
      const reply = this.#received;
      this.#received = Buffer.alloc(0);
      this.#answered?.(reply);
    });
  }

  call(request: Buffer): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** @param url of a gateway, whose HBase keeps the loop's one table until the loop is closed. */
export function hbaseLoop(url: string): BareLoop {
  const { hostname, port } = new URL(url);
  return {
    name: 'hbase',
    async open(_directory, { keys }) {
      const lines = Array.from({ length: CONNECTIONS }, () => new Line(hostname, Number(port)));
      const admin = lines[0]!;
      const family = [field(15, 2), Buffer.of(12), number(1), field(11, 1), text(FAMILY), STOP, STOP];
      await admin.call(call('createTable', field(12, 1), field(12, 1), NAME, ...family));
      const batch = new Batch(keys);
      const rowBytes = batch.addresses[0]!.length;
      const row = [field(11, 1), number(rowBytes), Buffer.alloc(rowBytes)];
      const column = [field(15, 2), Buffer.of(12), number(1), field(11, 1), text(FAMILY), field(11, 2), text(QUALIFIER)];
      const value = [field(11, 3), number(VALUE_BYTES), Buffer.alloc(VALUE_BYTES), STOP];
      const get = Buffer.concat([...row, STOP]);
      const put = Buffer.concat([...row, ...column, ...value, field(8, 6), number(DURABILITY), STOP]);
      const repeated = (method: string, struct: Buffer) => {
        const request = call(method, ...TABLE_ARGUMENT, ...Array.from({ length: SHARE }, () => struct));
        return { request, first: request.length - 1 - SHARE * struct.length, step: struct.length };
      };
      const gets = lines.map(() => repeated('getMultiple', get));
      const puts = lines.map(() => repeated('putMultiple', put));
      const valueAt = put.length - STOP.length - 7 - STOP.length - VALUE_BYTES;
      const send = (requests: typeof gets, values: boolean) =>
        Promise.all(
          lines.map((line, i) => {
            const { request, first, step } = requests[i]!;
            for (let n = 0; n < SHARE; n++) {
              const slot = i * SHARE + n;
              request.set(batch.addresses[slot]!, first + n * step + 7);
              if (values) request.set(batch.values[slot]!, first + n * step + valueAt);
            }
            return line.call(request);
          }),
        );
      for (let first = 0; first < keys; first += SLOTS) {
        batch.fillFrom(first);
        await send(puts, true);
      }
      return {
        async run(batches) {
          for (; batches > 0; batches--) {
            batch.fill();
            const replies = await send(gets, false);
            for (const [i, reply] of replies.entries()) copyValues(reply, batch.valueArena, i * SHARE, rowBytes);
            batch.change();
            await send(puts, true);
          }
        },
        async close() {
          await admin.call(call('disableTable', field(12, 1), NAME));
          await admin.call(call('deleteTable', field(12, 1), NAME));
          for (const line of lines) line.close();
        },
      };
    },
  };
}

/** Every result is laid out alike, as long as all keys are there: what stands behind the value follows from the first two. */
function copyValues(reply: Buffer, values: Buffer, firstSlot: number, rowBytes: number): void {
  const start = 4 + 4 + 4 + 'getMultiple'.length + 4 + 3 + 5;
  const toValue = 3 + 4 + rowBytes + 8 + 3 + 4 + FAMILY.length + 3 + 4 + QUALIFIER.length + 3 + 4;
  const step = (reply.length - 1 - start) / SHARE;
  if (!Number.isInteger(step)) throw new Error(`a reply of ${reply.length} bytes, not ${SHARE} results of one length`);
  for (let n = 0; n < SHARE; n++) {
    const at = start + n * step + toValue;
    reply.copy(values, (firstSlot + n) * VALUE_BYTES, at, at + VALUE_BYTES);
  }
}
