/** Reads and writes quantities with units: `64mb`, `1gib`, `10s`, `500ms`. */

/** Decimal units are powers of 1000 and binary ones of 1024, as SI and IEC have it. */
const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const MILLISECONDS: Readonly<Record<string, number>> = {
  us: 1e-3,
  ms: 1,
  s: 1e3,
  sec: 1e3,
  min: 6e4,
  m: 6e4,
  h: 3.6e6,
  d: 8.64e7,
};

/** What a number counts, and how many of the base unit (bytes, milliseconds) one of it is. */
export interface NumberUnit {
  readonly kind: 'bytes' | 'time';
  readonly scale: number;
  /** For people. */
  readonly name: string;
}

/** Ends of option names that say what the number counts: `mapBytes`, `cacheKib`, `gapMs`, `pauseSeconds`. */
const NAME_ENDS: readonly (readonly [RegExp, NumberUnit])[] = [
  [/(?:Bytes|^bytes)$/, { kind: 'bytes', scale: 1, name: 'bytes' }],
  [/(?:KiB|Kib)$/, { kind: 'bytes', scale: 2 ** 10, name: 'KiB' }],
  [/(?:MiB|Mib)$/, { kind: 'bytes', scale: 2 ** 20, name: 'MiB' }],
  [/(?:GiB|Gib)$/, { kind: 'bytes', scale: 2 ** 30, name: 'GiB' }],
  [/(?:KB|Kb)$/, { kind: 'bytes', scale: 1e3, name: 'kB' }],
  [/(?:MB|Mb|Megabytes)$/, { kind: 'bytes', scale: 1e6, name: 'MB' }],
  [/Ms$/, { kind: 'time', scale: 1, name: 'ms' }],
  [/(?:Seconds|^seconds)$/, { kind: 'time', scale: 1e3, name: 'seconds' }],
  [/(?:Minutes|^minutes)$/, { kind: 'time', scale: 6e4, name: 'minutes' }],
  [/(?:Hours|^hours)$/, { kind: 'time', scale: 3.6e6, name: 'hours' }],
];

/** What the option `name` counts by its end; null if its name does not say, and then any unit is taken to bytes or ms. */
export function unitOfName(name: string): NumberUnit | null {
  return NAME_ENDS.find(([end]) => end.test(name))?.[1] ?? null;
}

const QUANTITY = /^(?<number>[+-]?(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?)\s*(?<unit>[a-z]*)$/i;

/**
 * The number that `text` says, in `unit` (or bytes or ms where `unit` is null). A number without a unit is taken as it is.
 * @returns null if `text` is no such quantity, or counts something else than `unit`.
 */
export function parseQuantity(text: string, unit: NumberUnit | null): number | null {
  const parts = QUANTITY.exec(text)?.groups;
  if (parts === undefined) return null;
  const number = Number(parts.number!.replaceAll('_', ''));
  const suffix = parts.unit!.toLowerCase();
  if (!Number.isFinite(number)) return null;
  if (suffix === '') return number;
  const inBytes = Object.hasOwn(BYTES, suffix) ? BYTES[suffix] : undefined;
  const inMs = Object.hasOwn(MILLISECONDS, suffix) ? MILLISECONDS[suffix] : undefined;
  if (inBytes !== undefined && unit?.kind !== 'time') return tidy((number * inBytes) / (unit?.scale ?? 1));
  if (inMs !== undefined && unit?.kind !== 'bytes') return tidy((number * inMs) / (unit?.scale ?? 1));
  return null;
}

/** A whole number of bytes above 0, such as 256mb; null if `text` is none. */
export function parseSize(text: string): number | null {
  const bytes = parseQuantity(text, { kind: 'bytes', scale: 1, name: 'bytes' });
  return bytes !== null && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}

/** A time above 0 with its unit, such as 90min or 2h, in milliseconds; null if `text` is none. */
export function parseDuration(text: string): number | null {
  const ms = /[a-z]$/i.test(text) ? parseQuantity(text, { kind: 'time', scale: 1, name: 'ms' }) : null;
  return ms !== null && ms > 0 ? ms : null;
}

/** 1.1mb is 1100000 bytes, not 1100000.0000000002. */
function tidy(number: number): number {
  const whole = Math.round(number);
  return Math.abs(number - whole) < 1e-9 * Math.abs(whole) ? whole : number;
}

/** `1.5 GiB`, `512 MiB`, `12 B`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${size >= 100 || Number.isInteger(size) ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** `45 s`, `3 min 20 s`, `1 h 5 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  if (minutes === 0) return `${whole} s`;
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
