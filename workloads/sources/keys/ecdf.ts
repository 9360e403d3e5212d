/** A distribution that was measured somewhere: so much of the keys has so much of the events. */
import { readFileSync } from 'node:fs';
import { WorkloadError, type WorkloadErrorCode } from '../../contract.ts';
import { draw, drawKey, scaled } from '../random.ts';
import { aliasTable, drawnCell } from './alias-table.ts';
import type { KeySampler } from './key-sampler.ts';

/** The first `keyFraction` of the keys have `share` of the events; between two points the events are even over the keys. */
export interface EcdfPoint {
  readonly keyFraction: number;
  readonly share: number;
}

/** @throws WorkloadError `impossible-settings` if there are too few keys to tell the points apart */
export function ecdf(seed: number, keys: number, points: readonly EcdfPoint[]): KeySampler {
  // Key ranges without events stay out.
  const ranges: { readonly start: number; readonly width: number; readonly share: number }[] = [];
  let start = 0;
  let below = 0;
  for (const { keyFraction, share } of points) {
    const end = Math.round(keyFraction * keys);
    if (share > below && end === start) {
      throw new WorkloadError(
        'impossible-settings',
        `of ${keys} keys, the fraction up to ${keyFraction} has no key of its own for its share of the events: choose more keys or fewer points`,
      );
    }
    if (share > below) ranges.push({ start, width: end - start, share: share - below });
    start = end;
    below = share;
  }
  const table = aliasTable(Float64Array.from(ranges, ({ share }) => share));
  const startOf = Uint32Array.from(ranges, (range) => range.start);
  const widthOf = Uint32Array.from(ranges, (range) => range.width);
  return (numbers, position, count) => {
    const choose = drawKey(seed, 'key', position);
    const within = drawKey(seed, 'key-within', position);
    for (let i = 0; i < count; i++) {
      const range = drawnCell(table, draw(i, choose.first, choose.second));
      numbers[i] = startOf[range]! + scaled(draw(i, within.first, within.second), widthOf[range]!);
    }
  };
}

/**
 * Points from a text file: a line each, `key fraction,cumulative share`, both rising to 1.
 * @throws WorkloadError `missing-data`, `bad-data` naming file and line
 */
export function readEcdf(file: string): readonly EcdfPoint[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new WorkloadError('missing-data', `cannot read ${file}, which should hold the distribution of the keys`, { cause });
  }
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return points(lines, 'bad-data', (line) => `${file}, line ${line}`);
}

/** Points from an option: `0.01:0.5;0.2:0.9;1:1`. @throws WorkloadError `impossible-settings` */
export function parseEcdf(text: string): readonly EcdfPoint[] {
  return points(text.replace(/;$/, '').split(';'), 'impossible-settings', (entry) => `ecdf, point ${entry}`);
}

const NUMBER = String.raw`\s*(\d+(?:\.\d*)?(?:e-?\d+)?|\.\d+(?:e-?\d+)?)\s*`;
const POINT = new RegExp(`^${NUMBER}[,:]${NUMBER}$`, 'i');

function points(entries: readonly string[], code: WorkloadErrorCode, place: (entry: number) => string): readonly EcdfPoint[] {
  const bad = (entry: number, problem: string) => new WorkloadError(code, `${place(entry)}: ${problem}`);
  const result: EcdfPoint[] = [];
  for (const [i, entry] of entries.entries()) {
    const parts = POINT.exec(entry);
    if (parts === null) {
      throw bad(
        i + 1,
        `'${entry.slice(0, 80)}' is no point. A point is a fraction of the keys and the share of the events up to it: 0.2,0.9`,
      );
    }
    const point = { keyFraction: Number(parts[1]), share: Number(parts[2]) };
    const { keyFraction, share } = result.at(-1) ?? { keyFraction: 0, share: 0 };
    if (!(point.keyFraction > keyFraction && point.keyFraction <= 1 && point.share >= share && point.share <= 1)) {
      throw bad(i + 1, `'${entry.trim()}' does not rise from '${keyFraction},${share}' towards '1,1': both numbers are cumulative`);
    }
    result.push(point);
  }
  const last = result.at(-1);
  if (last?.keyFraction !== 1 || last.share !== 1) {
    const got = last === undefined ? 'nothing' : `${last.keyFraction},${last.share}`;
    throw bad(Math.max(1, entries.length), `the last point must be 1,1, all keys and all events, not ${got}`);
  }
  return result;
}
