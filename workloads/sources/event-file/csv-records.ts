/**
 * Records of CSV (RFC 4180) from bytes that come in pieces. Fields stay bytes, one letter of a string each, and only those asked for
 * become strings.
 *
 * A field may be in quotes; a quote in it is doubled, and it may hold line ends. A quote within a field that does not begin with one is a
 * letter as any other. Lines end in LF or CRLF, the last one need not; empty lines are none. Lines are counted from 1 by their LF, those in
 * quotes too.
 */

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

/** No record is longer: a quote that is never closed is found before it has taken in the file. */
export const RECORD_BYTES_MAX = 2 ** 20;

/** What a scan gives besides where the next record begins. */
const CUT_OFF = -1;
const BAD = -2;

/** A record, while it is told. */
export interface CsvRecord {
  /** The line it begins in. */
  readonly line: number;
  /** How many fields it has. */
  readonly length: number;
  /** Field `index` without its quotes, a letter for each of its bytes. */
  text(index: number): string;
}

export interface CsvHandler {
  /** @param record is used again for the next one @returns false to hear of no more */
  record(record: CsvRecord): boolean;
  /** Something that is no record; what is passed over is the line that it begins in. @returns as `record` */
  bad(line: number, problem: string): boolean;
}

/** Takes bytes, tells records; is itself the record at hand. */
export class CsvRecords implements CsvRecord {
  readonly #delimiter: number;
  readonly #handler: CsvHandler;
  #bytes: Buffer = Buffer.alloc(0);
  #line = 1;
  /** Whether what comes is the rest of a line that is passed over. */
  #skipping = false;
  #stopped = false;
  /** Of each field: where it begins and ends in the bytes, and 1 if it has doubled quotes. */
  readonly #fields: number[] = [];
  /** LFs in the record that was scanned last. */
  #linesInside = 0;
  #problem = '';

  /** @param delimiter the byte between fields */
  constructor(delimiter: number, handler: CsvHandler) {
    this.#delimiter = delimiter;
    this.#handler = handler;
  }

  get line(): number {
    return this.#line;
  }

  get length(): number {
    return this.#fields.length / 3;
  }

  text(index: number): string {
    const text = this.#bytes.toString('latin1', this.#fields[3 * index], this.#fields[3 * index + 1]);
    return this.#fields[3 * index + 2] === 0 ? text : text.replaceAll('""', '"');
  }

  /** @returns false once the handler wants no more */
  push(bytes: Buffer): boolean {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    this.#read(false);
    return !this.#stopped;
  }

  /** What is left is the last record. */
  end(): void {
    this.#read(true);
  }

  #read(isLast: boolean): void {
    let at = 0;
    while (!this.#stopped && at < this.#bytes.length) {
      if (this.#skipping) {
        const end = this.#bytes.indexOf(LF, at);
        at = end === -1 ? this.#bytes.length : end + 1;
        this.#skipping = end === -1;
        if (!this.#skipping) this.#line++;
        continue;
      }
      const next = this.#scan(at, isLast);
      if (next === CUT_OFF) break;
      if (next === BAD) {
        this.#stopped = !this.#handler.bad(this.#line, this.#problem);
        this.#skipping = true;
        continue;
      }
      const isEmpty = this.length === 1 && this.#fields[0] === this.#fields[1];
      if (!isEmpty) this.#stopped = !this.#handler.record(this);
      this.#line += this.#linesInside;
      at = next;
    }
    this.#bytes = this.#bytes.subarray(at);
  }

  /** Finds the fields of the record at `from`. @returns where the next one begins, {@link CUT_OFF}, or {@link BAD} with the problem set */
  #scan(from: number, isLast: boolean): number {
    const bytes = this.#bytes;
    const end = Math.min(bytes.length, from + RECORD_BYTES_MAX);
    const isWhole = isLast && end === bytes.length;
    this.#fields.length = 0;
    this.#linesInside = 0;
    let at = from;
    while (true) {
      let begin = at;
      let stop = at;
      let doubled = 0;
      if (at < end && bytes[at] === QUOTE) {
        begin = ++at;
        for (; at < end; at++) {
          const byte = bytes[at]!;
          if (byte === LF) this.#linesInside++;
          if (byte !== QUOTE) continue;
          if (at + 1 === end || bytes[at + 1] !== QUOTE) break;
          doubled = 1;
          at++;
        }
        if (at >= end) return isWhole ? this.#bad('a quote is opened and never closed') : this.#cutOff(from, end);
        stop = at++;
        // A closing quote is one only if no other follows, and a CR belongs to a line's end only before LF.
        if (!isWhole && at + 1 >= end) return this.#cutOff(from, end);
        if (bytes[at] === CR && (at + 1 >= end || bytes[at + 1] === LF)) at++;
        if (at < end && bytes[at] !== this.#delimiter && bytes[at] !== LF) return this.#bad('a field goes on after its closing quote');
      } else {
        while (at < end && bytes[at] !== this.#delimiter && bytes[at] !== LF) at++;
        const endsInCr = at > begin && bytes[at - 1] === CR && bytes[at] !== this.#delimiter;
        stop = endsInCr ? at - 1 : at;
      }
      if (at >= end && !isWhole) return this.#cutOff(from, end);
      this.#fields.push(begin, stop, doubled);
      if (at >= end) return end;
      if (bytes[at++] === LF) {
        this.#linesInside++;
        return at;
      }
    }
  }

  #bad(problem: string): typeof BAD {
    this.#problem = problem;
    return BAD;
  }

  /** The bytes end amid a record: more must come, unless it is too long already. */
  #cutOff(from: number, end: number): typeof CUT_OFF | typeof BAD {
    if (end - from < RECORD_BYTES_MAX) return CUT_OFF;
    return this.#bad(`a record of more than ${RECORD_BYTES_MAX} bytes, or a quote that is never closed`);
  }
}
