/** Something in a block that its checksum vouches for and that still makes no sense: whoever wrote the file was wrong. */
export class DamagedBlock extends Error {}

/** Reads what a `ByteWriter` wrote. */
export class ByteReader {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;

  /** Bytes not read yet. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Goes on with other bytes. */
  begin(bytes: Buffer): void {
    this.bytes = bytes;
    this.at = 0;
  }

  /** @throws DamagedBlock with `what` unless `right` */
  check(right: boolean, what: string): void {
    if (!right) throw new DamagedBlock(`${what} (byte ${this.at} of its content)`);
  }

  byte(): number {
    this.check(this.at < this.bytes.length, 'ends amid a call');
    return this.bytes[this.at++]!;
  }

  /** Where the next `count` bytes start, which are then behind. */
  skip(count: number): number {
    this.check(count <= this.left, 'ends amid a call');
    const from = this.at;
    this.at += count;
    return from;
  }

  varint(): number {
    let value = this.byte();
    if (value < 0x80) return value;
    value &= 0x7f;
    for (let scale = 128; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      this.check(value <= Number.MAX_SAFE_INTEGER, 'has a number beyond 2^53');
      if (byte < 0x80) return value;
    }
  }

  signed(): number {
    const first = this.byte();
    let size = (first >>> 1) & 0x3f;
    if (first >= 0x80) size += this.varint() * 64;
    return first & 1 ? -size : size;
  }
}
