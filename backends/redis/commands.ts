/**
 * Redis commands for a whole batch, encoded into one reused buffer.
 *
 * ioredis encodes a command from an array of arguments, a few strings and views for each. A batch of 1,024 slots is one
 * command of up to 2,050 arguments; encoding it here in a plain loop, and handing ioredis the finished bytes, halves
 * what the client spends per slot. Replies, errors and the connection stay with ioredis.
 */
import { Command } from 'ioredis';
import type { StateBatch } from '../contract.ts';

/** A command whose bytes are ready. They must not change until it is answered. */
class EncodedCommand extends Command {
  readonly #bytes: Buffer;

  constructor(name: string, bytes: Buffer) {
    super(name);
    this.#bytes = bytes;
  }

  override toWritable(): Buffer {
    return this.#bytes;
  }
}

const DOLLAR = 0x24;
const STAR = 0x2a;
const ZERO = 0x30;
const CR = 0x0d;
const LF = 0x0a;
/** `$`, a length of up to 10 digits, two line ends: what an argument takes beside its bytes. */
const FRAME_BYTES = 15;
const NARROW_BYTES = 128;

/**
 * Writes commands one behind the other: {@link begin} says how many arguments follow, then come exactly those.
 * {@link take} hands the commands out; they stay valid until the next one begins, so only when all are answered.
 */
export class CommandWriter {
  #bytes = Buffer.allocUnsafeSlow(4096);
  #at = 0;
  #starts: number[] = [];
  #names: string[] = [];

  begin(name: string, argumentCount: number): void {
    this.#starts.push(this.#at);
    this.#names.push(name);
    this.#reserve(0);
    this.#frame(STAR, argumentCount + 1);
    this.text(name);
  }

  /** An argument of printable ASCII. */
  text(argument: string): void {
    this.#reserve(argument.length);
    this.#frame(DOLLAR, argument.length);
    this.#at += this.#bytes.write(argument, this.#at, 'latin1');
    this.#end();
  }

  /** An argument made of some bytes of `from`. */
  bytes(from: Uint8Array, start = 0, end = from.length): void {
    this.open(end - start);
    this.put(from, start, end);
    this.#end();
  }

  /** An argument made of four bytes and some of `from`. */
  headed(head: number, from: Uint8Array, start: number, end: number): void {
    this.open(4 + end - start);
    this.number(head, 4);
    this.put(from, start, end);
    this.#end();
  }

  /** Starts an argument of `length` bytes, which {@link put} fills and {@link shut} ends. */
  open(length: number): void {
    this.#reserve(length);
    this.#frame(DOLLAR, length);
  }

  put(from: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    this.#at += end - start;
    if (end - start > NARROW_BYTES) bytes.set(from.subarray(start, end), at);
    else for (let i = start; i < end; i++) bytes[at++] = from[i] as number; // a loop beats a call to copy
  }

  /** A number in `width` bytes of the open argument, big-endian. */
  number(value: number, width: number): void {
    if (width === 4) {
      const bytes = this.#bytes;
      let at = this.#at;
      bytes[at++] = value >>> 24;
      bytes[at++] = value >>> 16;
      bytes[at++] = value >>> 8;
      bytes[at++] = value;
      this.#at = at;
    } else this.#at = this.#bytes.writeUIntBE(value, this.#at, width);
  }

  shut(): void {
    this.#end();
  }

  /** Ends writing: the commands written since the last time, to be sent in this order. */
  take(): Command[] {
    const commands = this.#names.map(
      (name, i) => new EncodedCommand(name, this.#bytes.subarray(this.#starts[i], this.#starts[i + 1] ?? this.#at)),
    );
    this.#at = 0;
    this.#starts = [];
    this.#names = [];
    return commands;
  }

  #reserve(length: number): void {
    const needed = this.#at + length + 2 * FRAME_BYTES;
    if (needed > this.#bytes.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(2 * needed);
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }

  #frame(kind: number, number: number): void {
    const bytes = this.#bytes;
    bytes[this.#at++] = kind;
    if (number < 100) {
      // Nearly every argument is a key or a value.
      if (number >= 10) bytes[this.#at++] = ZERO + Math.trunc(number / 10);
      bytes[this.#at++] = ZERO + (number % 10);
      this.#end();
      return;
    }
    let unit = 1;
    while (unit * 10 <= number) unit *= 10;
    for (let rest = number; unit >= 1; unit = Math.floor(unit / 10)) {
      bytes[this.#at++] = ZERO + Math.floor(rest / unit);
      rest %= unit;
    }
    this.#end();
  }

  #end(): void {
    this.#bytes[this.#at++] = CR;
    this.#bytes[this.#at++] = LF;
  }
}

/** The slots of a batch, gathered by window in the order in which windows first come; most batches have one to three. */
export class WindowGroups {
  /** The slots: group after group, within a group in slot order. */
  slots = new Uint32Array(0);
  /** By group: its window. */
  readonly windows: number[] = [];
  /** By group: where its slots end in {@link slots}; they begin where those of the group before end. */
  readonly ends: number[] = [];
  #groupOf = new Uint32Array(0);
  readonly #groups = new Map<number, number>();

  /** @returns how many groups there are. */
  gather({ windows, length, capacity }: StateBatch): number {
    if (this.slots.length < capacity) {
      this.slots = new Uint32Array(capacity);
      this.#groupOf = new Uint32Array(capacity);
    }
    this.windows.length = 0;
    this.ends.length = 0;
    this.#groups.clear();
    let window = Number.NaN;
    let group = 0;
    for (let slot = 0; slot < length; slot++) {
      if (windows[slot] !== window) {
        window = windows[slot] as number;
        group = this.#groups.get(window) ?? this.#open(window);
      }
      this.#groupOf[slot] = group;
      this.ends[group] = (this.ends[group] as number) + 1;
    }
    let total = 0;
    for (let i = 0; i < this.ends.length; i++) {
      const count = this.ends[i] as number;
      this.ends[i] = total; // its start; filling moves it to its end
      total += count;
    }
    for (let slot = 0; slot < length; slot++) {
      const at = this.#groupOf[slot] as number;
      const place = this.ends[at] as number;
      this.slots[place] = slot;
      this.ends[at] = place + 1;
    }
    return this.windows.length;
  }

  #open(window: number): number {
    const group = this.windows.push(window) - 1;
    this.ends.push(0);
    this.#groups.set(window, group);
    return group;
  }
}
