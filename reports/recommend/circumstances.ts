/** Reads the checkpoint interval and the input rate that recovery is predicted for. The command line and the page's script run this code. */
import type { Circumstances } from '../recovery-model.ts';
import { NeedError } from './needs.ts';

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, sec: 1e3, m: 6e4, min: 6e4, h: 3.6e6 };
const TIMES: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6 };

/** A checkpoint interval such as `500ms`, `30s` or `1min`, in ms. @throws NeedError */
export function intervalOf(text: string): number {
  const [, number, unit = ''] = /^\s*(\d[\d_]*(?:\.\d+)?|\.\d+)\s*([a-z]+)\s*$/i.exec(text) ?? [];
  const ms = amountOf(number, MILLISECONDS, unit);
  if (ms === null)
    throw new NeedError(`'${text}' is no checkpoint interval: give a number above 0 with its unit (ms, s, min, h), such as 1min`);
  return ms;
}

/** An input rate such as `50000`, `50k` or `1.5M/s`, in events per second. @throws NeedError */
export function inputRateOf(text: string): number {
  const [, number, unit = ''] = /^\s*(\d[\d_]*(?:\.\d+)?|\.\d+)\s*([a-z]?)(?:\/s)?\s*$/i.exec(text) ?? [];
  const rate = amountOf(number, TIMES, unit);
  if (rate === null) throw new NeedError(`'${text}' is no input rate: give events per second as a number above 0, such as 50000 or 50k`);
  return rate;
}

function amountOf(number: string | undefined, units: Readonly<Record<string, number>>, unit: string): number | null {
  const scale = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined;
  const amount = Number((number ?? '').replaceAll('_', '')) * (scale ?? Number.NaN);
  return amount > 0 && Number.isFinite(amount) ? Number(amount.toPrecision(12)) : null;
}

/** The interval as {@link intervalOf} reads it back. */
export function intervalText({ intervalMs }: Circumstances): string {
  const [unit, scale] = (['min', 's'] as const)
    .map((name) => [name, MILLISECONDS[name]!] as const)
    .find(([, size]) => intervalMs % size === 0) ?? ['ms', 1];
  return `${intervalMs / scale}${unit}`;
}

/** Circumstances of a shared link; what cannot be read is left out, and reported. */
export function circumstancesOfTexts(
  usual: Circumstances,
  { interval, input }: { readonly interval: string; readonly input: string },
): { readonly circumstances: Circumstances; readonly unread: readonly string[] } {
  const unread: string[] = [];
  const read = (text: string, by: (text: string) => number): number | null => {
    if (text.trim() === '') return null;
    try {
      return by(text);
    } catch {
      unread.push(text);
      return null;
    }
  };
  return { circumstances: { intervalMs: read(interval, intervalOf) ?? usual.intervalMs, inputRate: read(input, inputRateOf) }, unread };
}
