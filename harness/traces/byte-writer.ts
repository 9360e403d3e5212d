/** A growing buffer that small numbers are put into. Room is made once for many of them, so that none is checked. */
export class ByteWriter {
  bytes: Buffer;
  /** Bytes in use. */
  at: number;

  constructor(capacity: number, at: number) {
    this.bytes = Buffer.allocUnsafe(capacity);
    this.at = at;
  }

  /** Makes sure that `more` bytes fit. */
  room(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.at + more, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
  }

  /** A whole number from 0 to 2^53 − 1 as a LEB128 varint: seven bits a byte, low ones first. */
  varint(value: number): void {
    const { bytes } = this;
    let { at } = this;
    let rest = value;
    while (rest > 0x7fff_ffff) {
      bytes[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.at = at;
  }

  /** Any safe integer: its sign as the low bit of the first byte above six bits of it, the rest as a {@link varint} if there is more. */
  signed(value: number): void {
    const size = Math.abs(value);
    const more = size > 0x3f ? 0x80 : 0;
    this.bytes[this.at++] = more | ((size % 64) << 1) | (value < 0 ? 1 : 0);
    if (more !== 0) this.varint(Math.floor(size / 64));
  }
}
