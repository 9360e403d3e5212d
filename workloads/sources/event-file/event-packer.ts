/** Packs the rows of a data file into arrays, checks each, and says what is wrong with which. */
import { WorkloadError } from '../../contract.ts';
import { numberOf, shown, type TimeUnit, timeOf } from './cells.ts';

/** Which columns of a file are what, and how they are read. */
export interface EventFileFormat {
  readonly time: string;
  readonly timeUnit: TimeUnit;
  readonly key: string;
  /** Empty: every event has the value 1. */
  readonly value: string;
  /** Decimals that values have at most, which are then read in units of the last of them, as whole numbers; 0: as they are. */
  readonly decimals: number;
  /** Bytes of a key, a multiple of 4; 0: as many as the longest needs. */
  readonly keyBytes: number;
  /** The first so many events. */
  readonly limit: number;
  /** Whether rows that are none are passed over and counted. */
  readonly skipBad: boolean;
}

/** Events in the file's order. A type, so that it is one of named arrays. */
export type EventColumns = {
  /** In ms since 1970. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Which key each event has. */
  readonly keys: Uint32Array;
  /** The keys end to end, padded with zero bytes to the same length. */
  readonly keyTable: Uint8Array;
  /** {@link EventFacts}, in their order. */
  readonly facts: Float64Array;
};

/** What there is to say of a file's events. */
export interface EventFacts {
  readonly keyBytes: number;
  /** Rows that were none, and were passed over. */
  readonly skipped: number;
  readonly firstTimeMs: number;
  readonly lastTimeMs: number;
  /** Whether values can be added up in any order with the same sum: all are whole, and a double holds the sum of their magnitudes. */
  readonly addsExactly: boolean;
  /** Decimals that would make all values whole; 10 if more than 9 are needed. */
  readonly decimalsNeeded: number;
  /** Of the values that are not 0, the least and the greatest; Infinity and 0 if all are. */
  readonly leastMagnitude: number;
  readonly greatestMagnitude: number;
}

export function factsOf({ facts }: EventColumns): EventFacts {
  const [keyBytes, skipped, firstTimeMs, lastTimeMs, exactly, decimalsNeeded, leastMagnitude, greatestMagnitude] =
    facts as unknown as Eight;
  return { keyBytes, skipped, firstTimeMs, lastTimeMs, addsExactly: exactly === 1, decimalsNeeded, leastMagnitude, greatestMagnitude };
}

type Eight = [number, number, number, number, number, number, number, number];

export const KEY_BYTES_MAX = 1024;
/** Some 2 GB in every process that plays them. */
export const EVENTS_MAX = 100_000_000;
/** A Map of JavaScript holds 2^24 entries. */
const KEYS_MAX = 16_000_000;
export const DECIMALS_MAX = 9;

const TIME_WANTED =
  'a whole number of TIMEUNIT since 1970 (timeUnit says which unit) or ISO 8601 such as 2026-01-31T12:00:00Z, in the years 1 to 9999';

export class EventPacker {
  readonly #file: string;
  readonly #format: EventFileFormat;
  #times = new Float64Array(1024);
  #values = new Float64Array(1024);
  #keys = new Uint32Array(1024);
  #events = 0;
  readonly #keyNumbers = new Map<string, number>();
  #longestKey = 1;
  #skipped = 0;
  #firstTimeMs = Infinity;
  #lastTimeMs = -Infinity;
  #magnitudes = 0;
  #leastMagnitude = Infinity;
  #greatestMagnitude = 0;
  #decimalsNeeded = 0;

  /** @param file what to call it in an error */
  constructor(file: string, format: EventFileFormat) {
    this.#file = file;
    this.#format = format;
  }

  /**
   * Takes a row.
   * @param place where it is, such as `line 17`
   * @param key the key's bytes, a letter each; null if it has none
   * @param value undefined where there is no column for it
   * @returns false once there are as many as asked for
   * @throws WorkloadError `bad-data`
   */
  add(place: string | number, time: unknown, key: string | null, value: unknown): boolean {
    const { time: timeColumn, timeUnit, key: keyColumn, value: valueColumn, keyBytes } = this.#format;
    const timeMs = timeOf(time, timeUnit);
    if (Number.isNaN(timeMs)) return this.#badCell(place, timeColumn, time, TIME_WANTED.replace('TIMEUNIT', timeUnit));
    if (key === null || key === '') return this.#badCell(place, keyColumn, key, 'a key');
    if (key.includes('\0')) return this.#badCell(place, keyColumn, key, 'a key without zero bytes, which stand for its padding');
    if (key.length > (keyBytes === 0 ? KEY_BYTES_MAX : keyBytes)) return this.#badKey(place, key);
    const number = valueColumn === '' ? 1 : this.#scaled(numberOf(value));
    if (Number.isNaN(number)) return this.#badCell(place, valueColumn, value, this.#wantedValue());
    this.#push(timeMs, key, number);
    return this.#events < this.#format.limit;
  }

  /** A row that is none. @returns as {@link add} @throws WorkloadError `bad-data`, unless such are to be passed over */
  bad(place: string | number, problem: string): boolean {
    if (!this.#format.skipBad) {
      const where = typeof place === 'number' ? `line ${place}` : place;
      throw new WorkloadError(
        'bad-data',
        `${this.#file}, ${where}: ${problem}. Mend it, or set skipBad=true, which passes over what is bad and says how much that was.`,
      );
    }
    this.#skipped++;
    return true;
  }

  /** @throws WorkloadError `bad-data` if there is no event */
  columns(): EventColumns {
    const { keyBytes } = this.#format;
    if (this.#events === 0) {
      const none =
        this.#skipped === 0 ? 'it has no rows' : `none of its ${this.#skipped} rows is good; without skipBad the first tells why`;
      throw new WorkloadError('bad-data', `${this.#file} has no events: ${none}`);
    }
    const width = keyBytes === 0 ? Math.ceil(this.#longestKey / 4) * 4 : keyBytes;
    const keyTable = Buffer.alloc(this.#keyNumbers.size * width);
    for (const [key, number] of this.#keyNumbers) keyTable.write(key, number * width, 'latin1');
    const addsExactly = this.#decimalsNeeded === 0 && this.#magnitudes <= Number.MAX_SAFE_INTEGER;
    return {
      times: this.#times.slice(0, this.#events),
      values: this.#values.slice(0, this.#events),
      keys: this.#keys.slice(0, this.#events),
      keyTable: new Uint8Array(keyTable),
      facts: Float64Array.of(
        width,
        this.#skipped,
        this.#firstTimeMs,
        this.#lastTimeMs,
        addsExactly ? 1 : 0,
        this.#decimalsNeeded,
        this.#leastMagnitude,
        this.#greatestMagnitude,
      ),
    };
  }

  #push(timeMs: number, key: string, value: number): void {
    const at = this.#events++;
    if (at === this.#times.length) this.#grow();
    this.#times[at] = timeMs;
    this.#values[at] = value;
    this.#keys[at] = this.#keyNumber(key);
    if (timeMs < this.#firstTimeMs) this.#firstTimeMs = timeMs;
    if (timeMs > this.#lastTimeMs) this.#lastTimeMs = timeMs;
    const magnitude = Math.abs(value);
    this.#magnitudes += magnitude;
    if (magnitude > this.#greatestMagnitude) this.#greatestMagnitude = magnitude;
    if (magnitude > 0 && magnitude < this.#leastMagnitude) this.#leastMagnitude = magnitude;
    while (this.#decimalsNeeded <= DECIMALS_MAX && Number.isNaN(unitsOf(value, this.#decimalsNeeded))) this.#decimalsNeeded++;
  }

  #keyNumber(key: string): number {
    const known = this.#keyNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.#keyNumbers.size;
    if (number === KEYS_MAX) throw this.#tooMuch(`${KEYS_MAX} different keys`);
    this.#keyNumbers.set(key, number);
    if (key.length > this.#longestKey) this.#longestKey = key.length;
    return number;
  }

  #grow(): void {
    if (this.#events > EVENTS_MAX) throw this.#tooMuch(`${EVENTS_MAX} events`);
    const capacity = this.#times.length * 2;
    const grown = <T extends Float64Array | Uint32Array>(old: T, fresh: T): T => {
      fresh.set(old);
      return fresh;
    };
    this.#times = grown(this.#times, new Float64Array(capacity));
    this.#values = grown(this.#values, new Float64Array(capacity));
    this.#keys = grown(this.#keys, new Uint32Array(capacity));
  }

  #tooMuch(what: string): WorkloadError {
    return new WorkloadError('bad-data', `${this.#file} has more than ${what}: take the first of its events with limit=…`);
  }

  /** In units of the last decimal, exactly; NaN where there are more decimals. */
  #scaled(value: number): number {
    const { decimals } = this.#format;
    if (decimals === 0) return value;
    const units = unitsOf(value, decimals);
    return Number.isSafeInteger(units) ? units + 0 : Number.NaN;
  }

  #wantedValue(): string {
    const { decimals } = this.#format;
    return decimals === 0 ? 'a number that a double can hold' : `a number of at most ${decimals} decimals (decimals says how many)`;
  }

  #badCell(place: string | number, column: string, got: unknown, wanted: string): boolean {
    return this.bad(place, `column '${column}' should be ${wanted}, and is ${shown(got)}`);
  }

  #badKey(place: string | number, key: string): boolean {
    const { key: column, keyBytes } = this.#format;
    const bytes = `${key.length} byte${key.length === 1 ? '' : 's'}`;
    const remedy =
      key.length > KEY_BYTES_MAX
        ? `the longest that can be is ${KEY_BYTES_MAX}: take another column, or shorten it`
        : `keyBytes is ${keyBytes}: choose at least ${Math.ceil(key.length / 4) * 4}, or leave it out for as many as are needed`;
    return this.bad(place, `column '${column}' has a key of ${bytes}, ${shown(key)}; ${remedy}`);
  }
}

/** A number in units of its last of so many decimals; NaN if it has more. The nearest double to a quotient of whole numbers is exact. */
function unitsOf(value: number, decimals: number): number {
  const units = Math.round(value * 10 ** decimals);
  return units / 10 ** decimals === value ? units : Number.NaN;
}
