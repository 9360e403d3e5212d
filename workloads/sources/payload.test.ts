// Proves that payloads have the lengths that were declared (chi-square, Kolmogorov and Smirnov at alpha 0.001 with fixed seeds), are
// text that no double of makes a NaN, compress as far as asked (by zlib), and are the same however they are reached.
import { deflateSync } from 'node:zlib';
import test from 'ava';
import { WorkloadError } from '../contract.ts';
import { chiSquare, chiSquareLimit } from './chi-square.ts';
import { kolmogorovSmirnov, kolmogorovSmirnovLimit } from './kolmogorov-smirnov.ts';
import { type PayloadSettings, payloadDoubles, payloads } from './payload.ts';

const EVENTS = 100_000;
const PLAIN: PayloadSettings = { kind: 'constant', bytes: 100, spreadBytes: 25, bytesMax: 100, compressibility: 0 };

interface Made {
  readonly lengths: Float64Array;
  /** The payload's room of each event, in bytes. */
  readonly text: readonly Buffer[];
  readonly values: Float64Array;
}

function make(settings: PayloadSettings, count: number, { seed = 1, position = 0, piece = 1_000 } = {}): Made {
  const write = payloads(seed, settings)!;
  const width = 1 + payloadDoubles(settings);
  const values = new Float64Array((count + 1) * width).fill(-1);
  for (let done = 0; done < count; done += piece) write(values, done, position + done, Math.min(piece, count - done));
  const events = [...Array(count).keys()];
  return {
    lengths: Float64Array.from(events, (event) => values[event * width + 1]!),
    text: events.map((event) => Buffer.from(values.buffer, (event * width + 2) * 8, (width - 2) * 8)),
    values,
  };
}

/** The share of a bell curve below x (Abramowitz and Stegun 7.1.26, error below 2e-7). */
function bellBelow(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-z * z);
  return x < 0 ? tail / 2 : 1 - tail / 2;
}

test('uniform: every length from bytes − spread to bytes + spread as often', (t) => {
  const { lengths } = make({ ...PLAIN, kind: 'uniform', bytes: 30, spreadBytes: 12, bytesMax: 50 }, EVENTS);
  const counts = new Float64Array(25);
  for (const length of lengths) counts[length - 18]!++;
  t.true(chiSquare(counts, EVENTS / 25) < chiSquareLimit(24), `${chiSquare(counts, EVENTS / 25)}`);
});

test('normal and lognormal: lengths follow the curve, cut where it must be', (t) => {
  const lognormal = (mean: number, deviation: number): ((x: number) => number) => {
    const variance = Math.log(1 + (deviation / mean) ** 2);
    return (x) => (x <= 0 ? 0 : bellBelow((Math.log(x) - Math.log(mean) + variance / 2) / Math.sqrt(variance)));
  };
  for (const [kind, bytes, spreadBytes, bytesMax, below] of [
    ['normal', 500, 100, 1_000, (x: number) => bellBelow((x - 500) / 100)],
    ['normal', 100, 90, 250, (x: number) => bellBelow((x - 100) / 90)],
    ['lognormal', 200, 50, 600, lognormal(200, 50)],
    ['lognormal', 300, 400, 2_000, lognormal(300, 400)],
  ] as const) {
    const { lengths } = make({ ...PLAIN, kind, bytes, spreadBytes, bytesMax }, EVENTS, { seed: 5 });
    t.true(lengths.every((length) => Number.isInteger(length) && length >= 0 && length <= bytesMax));
    const [low, high] = [below(-0.5), below(bytesMax + 0.5)];
    const cut = (x: number): number => (below(x) - low) / (high - low);
    // A length stands for what rounds to it: spread over that with its own place in the sample, the steps are gone.
    const smooth = lengths.map((length, event) => length - 0.5 + ((event * 0.6180339887498949) % 1));
    const distance = kolmogorovSmirnov(smooth, cut);
    t.true(
      distance < kolmogorovSmirnovLimit(EVENTS),
      `${kind} ${bytes} ± ${spreadBytes}: ${distance} above ${kolmogorovSmirnovLimit(EVENTS)}`,
    );
    const other = kolmogorovSmirnov(smooth, (x) => cut(x * 1.03));
    t.true(other > kolmogorovSmirnovLimit(EVENTS), 'the test can fail: lengths 3 % off are seen');
  }
});

test('bytes are printable text up to the length and zero beyond, and no double is a NaN', (t) => {
  for (const compressibility of [0, 0.5, 1]) {
    const { lengths, text, values } = make({ ...PLAIN, kind: 'uniform', bytes: 21, spreadBytes: 21, bytesMax: 43, compressibility }, 3_000);
    t.is(new Set(lengths).size, 43);
    for (const [event, bytes] of text.entries()) {
      const length = lengths[event]!;
      if (!bytes.every((byte, at) => (at < length ? byte >= 0x20 && byte <= 0x7e : byte === 0))) t.fail(`event ${event}: ${bytes}`);
    }
    t.false(values.some(Number.isNaN));
    t.is(values.at(-1), -1, 'nothing is written behind the last event');
  }
});

test('random bytes are uniform over 64 characters, and no two payloads are alike', (t) => {
  const { text } = make({ ...PLAIN, bytes: 64, bytesMax: 64 }, 20_000, { seed: 6 });
  const counts = new Float64Array(64 * 4);
  for (const bytes of text) for (let at = 0; at < 64; at++) counts[(at % 4) * 64 + bytes[at]! - 0x30]!++;
  const statistic = chiSquare(counts, (20_000 * 64) / counts.length);
  t.true(statistic < chiSquareLimit(counts.length - 4), `${statistic}`);
  t.is(new Set(text.map(String)).size, 20_000);
});

test('the share of repeated bytes is the share that zlib saves', (t) => {
  const sizeOf = (compressibility: number): number => {
    const { text } = make({ ...PLAIN, bytes: 1_000, bytesMax: 1_000, compressibility }, 500, { seed: 7 });
    return deflateSync(Buffer.concat(text)).length;
  };
  const random = sizeOf(0);
  // Six bits a byte.
  t.true(Math.abs(random / 500_000 - 0.75) < 0.01, `${random} of 500,000 bytes`);
  for (const compressibility of [0.1, 0.25, 0.5, 0.8, 1]) {
    const share = sizeOf(compressibility) / random;
    t.true(Math.abs(share - (1 - compressibility)) < 0.02, `compressibility ${compressibility} leaves ${share}`);
  }
});

test('the same payloads in any pieces and from any event on', (t) => {
  const settings: PayloadSettings = { ...PLAIN, kind: 'lognormal', bytesMax: 300, compressibility: 0.3 };
  for (const position of [0, 2 ** 32, 2 ** 40 + 17]) {
    const whole = make(settings, 1_000, { position });
    for (const piece of [1, 7, 333]) t.deepEqual(make(settings, 1_000, { position, piece }).values, whole.values);
    t.deepEqual(make(settings, 300, { position: position + 700 }).text, whole.text.slice(700));
  }
});

test('none takes no room; what cannot be is refused, with the reason', (t) => {
  t.is(payloads(1, { ...PLAIN, kind: 'none' }), null);
  t.is(payloadDoubles({ ...PLAIN, kind: 'none' }), 0);
  t.is(payloadDoubles({ ...PLAIN, bytesMax: 0 }), 1);
  t.is(payloadDoubles({ ...PLAIN, bytesMax: 17 }), 4);
  t.deepEqual([...make({ ...PLAIN, bytes: 0, bytesMax: 0 }, 2).values], [-1, 0, -1, 0, -1, -1]);
  const refused = (change: Partial<PayloadSettings>, message: RegExp): void => {
    t.throws(() => payloads(1, { ...PLAIN, ...change }), { instanceOf: WorkloadError, code: 'impossible-settings', message });
  };
  refused({ bytes: 101 }, /constant payload of 101 bytes does not fit payloadMax 100/);
  refused({ kind: 'uniform', bytesMax: 120 }, /of 100 ± 25 bytes must lie between 0 and payloadMax 120/);
  refused({ kind: 'uniform', bytes: 20 }, /must lie between 0/);
  refused({ kind: 'normal', spreadBytes: 0 }, /needs a payloadSpread above 0/);
  refused({ kind: 'lognormal', bytes: 0 }, /needs payloadBytes above 0/);
  refused({ compressibility: 1.1 }, /compressibility 1.1 is a share/);
});
