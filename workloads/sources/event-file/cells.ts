/**
 * What is read from the cells of a data file: times, keys and values, whatever the file's own types for them. The text of a cell is
 * its bytes, a letter each.
 */

/** Milliseconds of a unit of time. */
export const TIME_UNITS = { s: 1_000, ms: 1, us: 1e-3 } as const;
export type TimeUnit = keyof typeof TIME_UNITS;

/** The years 1 to 9999: a time beyond is one of another unit. */
const TIME_MS_MIN = Date.parse('0001-01-01T00:00:00Z');
const TIME_MS_MAX = Date.parse('9999-12-31T23:59:59.999Z');
const WHOLE = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/** ISO 8601 in its extended form, with a blank for T too, as databases write it. */
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)? ?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * Event time in ms since 1970, an integer: what is finer is cut off, towards the past.
 * @param cell whole units since 1970 as a number or text, ISO 8601 (without a zone: UTC), or a date
 * @returns NaN for anything else, and beyond the years 1 to 9999
 */
export function timeOf(cell: unknown, unit: TimeUnit): number {
  const ms = rawTimeOf(cell, unit);
  return ms >= TIME_MS_MIN && ms <= TIME_MS_MAX ? ms + 0 : Number.NaN;
}

function rawTimeOf(cell: unknown, unit: TimeUnit): number {
  if (typeof cell === 'string') {
    const text = cell.trim();
    return WHOLE.test(text) ? inMs(Number(text), unit) : isoTimeOf(text);
  }
  if (typeof cell === 'bigint') return inMs(Number(cell), unit);
  if (typeof cell === 'number') return inMs(cell, unit);
  return cell instanceof Date ? cell.getTime() : Number.NaN;
}

function inMs(units: number, unit: TimeUnit): number {
  if (!Number.isSafeInteger(units)) return Number.NaN;
  return unit === 'us' ? Math.floor(units / 1_000) : units * TIME_UNITS[unit];
}

function isoTimeOf(text: string): number {
  const parts = ISO.exec(text);
  if (parts === null) return Number.NaN;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((part) => Number(parts[part] ?? 0)) as Six;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDay = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDay || hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const fractionMs = Number((parts[7] ?? '').padEnd(3, '0').slice(0, 3));
  return date.getTime() + (((hour * 60 + minute) * 60 + second) * 1_000 + fractionMs) - zoneMs(parts[8] ?? 'Z');
}

type Six = [number, number, number, number, number, number];

/** How far ahead of UTC. */
function zoneMs(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', ''));
  if (hours > 23 || minutes > 59) return Number.NaN;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** A finite number; NaN for anything else, a whole number among it that a double cannot hold. */
export function numberOf(cell: unknown): number {
  if (typeof cell === 'string') {
    const text = cell.trim();
    if (!NUMBER.test(text)) return Number.NaN;
    const value = Number(text);
    const isHeld = WHOLE.test(text) ? Number.isSafeInteger(value) : Number.isFinite(value);
    return isHeld ? value + 0 : Number.NaN;
  }
  if (typeof cell === 'bigint') return Number.isSafeInteger(Number(cell)) ? Number(cell) : Number.NaN;
  return typeof cell === 'number' && Number.isFinite(cell) ? cell + 0 : Number.NaN;
}

/**
 * The bytes of a key, a letter each: of text as they are, of a number or true and false as they are written.
 * @returns null for what is no single thing
 */
export function keyOf(cell: unknown): string | null {
  switch (typeof cell) {
    case 'string':
      return cell;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(cell);
    default:
      if (cell instanceof Uint8Array) return bytesAsText(cell);
      return cell instanceof Date && !Number.isNaN(cell.getTime()) ? cell.toISOString() : null;
  }
}

export function bytesAsText({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

/** A cell as an error shows it: short, and with nothing that a terminal obeys. */
export function shown(cell: unknown): string {
  if (cell === undefined || cell === null || cell === '') return 'empty';
  const text = typeof cell === 'string' ? Buffer.from(cell, 'latin1').toString() : String(cell);
  const cut = text.length > SHOWN_LETTERS ? `${text.slice(0, SHOWN_LETTERS)}…` : text;
  return `'${cut.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '?')}'`;
}

const SHOWN_LETTERS = 60;
