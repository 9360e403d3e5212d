/**
 * The right answer of a workload, computed naively: plain Maps, one event at a time. It shares with
 * the pipeline the source of events, the description of the workload and the digest that answers are compared by; operators, watermarks,
 * lateness and aggregates are written here a second time, so that one mistake cannot hide in both.
 *
 * The clock
 * - The watermark is the greatest event time seen less the delay. It advances as soon as every `everyEvents`-th event has been
 *   processed; before the first of those there is none.
 * - When it advances, stage by stage: what it makes due fires, the rows become events of the next stage with time end − 1, and only then
 *   does it advance there. At the end of the stream it becomes infinite: windows and sessions fire; no other operator has anything due.
 * - Late events are counted and dropped, by stage.
 *
 * Tumbling and sliding windows
 * - A window [start, end) fires once the watermark has reached end − 1, and expires once it has reached end − 1 + allowed lateness.
 * - An event goes into those of its windows that have not expired; if all have, it is late. In a window whose end − 1 the watermark has
 *   reached, each event gives a row at once with what the key has there by now, also when it is the key's first.
 * - Panes change the output in nothing. A pane has all events of its slide that are not late, and is held until the last window that has
 *   it, the one that begins with it, expires.
 *
 * Sessions
 * - An event at t is the window [t, t + gap); it and all of its key's sessions that overlap or touch it become one.
 * - If that one has expired, as above, the event is late and nothing changes. (It has met no session then: those held have not expired.)
 * - A session fires once the watermark has reached end − 1, and is held until it expires; an event that goes into one whose end − 1, after
 *   merging, has been reached gives a row at once. One that had fired and grows beyond the watermark fires again in its time.
 *
 * Global window: each event gives a row with what came of its key so far, stamped [time, time + 1). Nothing is late.
 *
 * Joins: events of type `right` are right, all others left; values are the first numbers of events. A row is (left value, right value),
 * and for events that carry a payload a hash of all numbers of both, as rows of lists have one of all their elements.
 * - Window join: windows as above, without allowed lateness; when one fires, every pair of a key in it.
 * - Interval join: an event before the watermark is late (one at the watermark is not). Others are paired with every event of the other
 *   side that came before them, with lower ≤ right time − left time ≤ upper, stamped with the later time. Held is what an event not late
 *   can still meet: left ones with time + upper ≥ watermark, right ones with time − lower ≥ watermark.
 * - Continuous join: `left` puts the key's value and is paired with the right events that wait, which wait no more; `right` is paired with
 *   the value, or waits if there is none; `end` forgets the value. Nothing is late.
 */
import { setImmediate } from 'node:timers/promises';
import { EventBatch, type Source, type Workload } from '../../workloads/contract.ts';
import { OutputDigest } from '../output-digest.ts';
import type { Output } from '../results.ts';
import { Chain, type OracleRow } from './chain.ts';

/** What should have come out after `atEvent` events. */
export interface OracleAnswer {
  readonly atEvent: number;
  /** Rows fired so far. */
  readonly fired: Output;
  /** All rows if the stream ended there. */
  readonly ended: Output;
  /** Late events so far, by stage. */
  readonly late: readonly number[];
}

const BATCH_EVENTS = 1024;
const BATCHES_BETWEEN_PAUSES = 64;

/**
 * The answers after each of `stops` events, in one pass over the source from its beginning.
 * @param stops numbers of events, ascending
 * @throws RangeError if the stops descend or lie beyond the end of the source
 */
export async function* oracle(workload: Workload, source: Source, stops: readonly number[]): AsyncGenerator<OracleAnswer, void, void> {
  const digest = new OutputDigest();
  const chain = new Chain(workload, digestInto(digest));
  let atEvent = 0;
  for (const [index, stop] of stops.entries()) {
    await feed(chain, source, atEvent, stop);
    atEvent = stop;
    const fired: Output = { atEvent, ended: false, rows: digest.rows, digest: digest.hex() };
    const late = chain.late();
    // The stream goes on, but after the last stop: what may be gigabytes is not copied in vain.
    const isLast = index === stops.length - 1;
    const endDigest = isLast ? digest : OutputDigest.load(digest.save());
    const end = isLast ? chain : chain.copy(digestInto(endDigest));
    end.end();
    yield { atEvent, fired, ended: { atEvent, ended: true, rows: endDigest.rows, digest: endDigest.hex() }, late };
  }
}

/** All rows of the first `events` events followed by the end of the stream, in the order they come out. */
export async function oracleRows(workload: Workload, source: Source, events: number): Promise<OracleRow[]> {
  const rows: OracleRow[] = [];
  const chain = new Chain(workload, (row) => rows.push(row));
  await feed(chain, source, 0, events);
  chain.end();
  return rows;
}

/**
 * What the stages hold after each of `stops` events, as the digest of the rows that `HeldRow` of the pipeline describes.
 * @throws RangeError as {@link oracle}
 */
export async function* oracleState(workload: Workload, source: Source, stops: readonly number[]): AsyncGenerator<Output, void, void> {
  const chain = new Chain(workload, () => {});
  let atEvent = 0;
  for (const stop of stops) {
    await feed(chain, source, atEvent, stop);
    atEvent = stop;
    const digest = new OutputDigest();
    chain.state(digestInto(digest));
    yield { atEvent, ended: false, rows: digest.rows, digest: digest.hex() };
  }
}

async function feed(chain: Chain, source: Source, from: number, to: number): Promise<void> {
  if (!Number.isSafeInteger(to) || to < from || to > source.events) {
    throw new RangeError(`the oracle cannot go from event ${from} to ${to}: stops ascend, and the source has ${source.events} events`);
  }
  const batch = new EventBatch(BATCH_EVENTS, source);
  const text = Buffer.from(batch.keys.buffer);
  source.seek(from);
  for (let at = from, batches = 1; at < to; batches++) {
    const count = source.fill(batch, to - at);
    if (count === 0) throw new RangeError(`the source ended after ${at} of ${source.events} events`);
    for (let i = 0; i < count; i++) {
      const key = text.toString('latin1', i * source.keyBytes, (i + 1) * source.keyBytes);
      const numbers = [batch.values[i * source.width]!];
      for (let j = 1; j < source.width; j++) numbers.push(batch.values[i * source.width + j]!);
      chain.event({ key, time: batch.timestamps[i]!, type: batch.types[i]!, numbers });
    }
    at += count;
    if (batches % BATCHES_BETWEEN_PAUSES === 0) await setImmediate(); // who waits may have something else to do
  }
}

function digestInto(digest: OutputDigest): (row: OracleRow) => void {
  // Used again for every row: to make arrays is most of what a row would cost.
  let keyWords = new Uint32Array(64);
  let keyBytes = new Uint8Array(keyWords.buffer);
  let doubles = new Float64Array(64);
  return ({ stage, windowStart, windowEnd, key, numbers }) => {
    // Whole words, and at least one: so wide is the key of a stage that puts all events under one.
    const words = Math.max(1, Math.ceil(key.length / 4));
    if (words > keyWords.length) {
      keyWords = new Uint32Array(words);
      keyBytes = new Uint8Array(keyWords.buffer);
    }
    if (numbers.length > doubles.length) doubles = new Float64Array(2 * numbers.length);
    for (let i = 0; i < 4 * words; i++) keyBytes[i] = i < key.length ? key.charCodeAt(i) : 0;
    for (let i = 0; i < numbers.length; i++) doubles[i] = numbers[i]!;
    digest.add(stage, windowStart, windowEnd, keyWords, 0, words, doubles, 0, numbers.length);
  };
}
