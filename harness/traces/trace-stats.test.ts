// Proves the statistics of a trace against naive ones: an LRU stack kept as a list and searched from its top, sets of keys for each
// stretch of the trace, and every count by going through all operations again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { seededRandom } from '../random.ts';
import type { Bucket } from './powers-of-two.ts';
import { recordRandomRun } from './random-run.ts';
import { StackDistances } from './stack-distances.ts';
import { STRETCHES } from './touches.ts';
import type { Trace } from './trace.ts';
import { openTrace } from './trace-reader.ts';
import { traceStats } from './trace-stats.ts';

const folder = mkdtempSync(join(tmpdir(), 'statebench-trace-stats-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

/** The stack distance of each touch; −1 for a first one. */
function naiveDistances(touched: readonly string[]): number[] {
  const stack: string[] = [];
  return touched.map((key) => {
    const distance = stack.indexOf(key);
    if (distance >= 0) stack.splice(distance, 1);
    stack.unshift(key);
    return distance;
  });
}

function naiveBuckets(numbers: readonly number[]): Bucket[] {
  const buckets: Bucket[] = [];
  const largest = Math.max(-1, ...numbers);
  for (let from = 0, to = 0; from <= largest; from = to + 1, to = from * 2 - 1) {
    buckets.push({ from, to, count: numbers.filter((number) => number >= from && number <= to).length });
  }
  return buckets;
}

interface Operation {
  readonly table: string;
  readonly name: string;
  /** Keys touched, with their windows. */
  readonly keys: readonly string[];
  readonly valueBytes: number | null;
  readonly found: boolean;
  readonly slots: number;
}

/** All operations, one by one; the keys that scans meet by going through all that was ever put. */
async function operationsOf(trace: Trace): Promise<Operation[]> {
  const operations: Operation[] = [];
  /** Windows and keys in the order in which they first came, each once a table. */
  const knownOf = new Map<string, string[]>();
  let stored: { readonly table: string; readonly window: number; readonly key: string }[] = [];
  for await (const piece of trace.pieces()) {
    for (const { kind, table: place, batch, present, lengths, window, group, slots } of piece) {
      const table = trace.tables[place]!.name;
      const known = knownOf.get(table) ?? [];
      knownOf.set(table, known);
      const none = { table, keys: [], valueBytes: null, found: false, slots: 0 };
      if (kind === 'drop') {
        operations.push({ ...none, name: 'drop' });
        stored = stored.filter((one) => one.table !== table || one.window !== window);
      } else if (kind === 'scan') {
        const prefix = group?.toString('hex') ?? '';
        const met = stored.filter((one) => one.table === table && one.window === window && one.key.startsWith(prefix));
        const inOrder = known.flatMap((is) => met.filter((one) => `${one.window} ${one.key}` === is && one.table === table));
        const keys = inOrder.map(({ key }) => `${table} ${window} ${key}`);
        operations.push({ ...none, name: group === null ? 'scan' : 'scan of a group', keys, slots });
      } else {
        for (let slot = 0; slot < batch.length; slot++) {
          const [of, key] = [batch.windows[slot]!, batch.keys[slot]!.toString('hex')];
          if (!known.includes(`${of} ${key}`)) known.push(`${of} ${key}`);
          const name = kind === 'write' ? (present[slot] === 1 ? 'put' : 'delete') : kind;
          const stores = name === 'put' || name === 'append';
          const is = (one: (typeof stored)[number]) => one.table === table && one.window === of && one.key === key;
          if (stores && !stored.some(is)) stored.push({ table, window: of, key });
          if (name === 'delete' || name === 'remove') stored = stored.filter((one) => !is(one));
          const found = kind === 'read' && present[slot] === 1;
          operations.push({ ...none, name, keys: [`${table} ${of} ${key}`], valueBytes: stores ? lengths[slot]! : null, found });
        }
      }
    }
  }
  return operations;
}

for (let run = 0; run < 3; run++) {
  const seed = Math.floor(Math.random() * 2 ** 31);
  test(`statistics are the naive ones, per table and in all (seed ${seed})`, async (t) => {
    const file = join(folder, `${seed}.trace`);
    await recordRandomRun(file, folder, seed);
    const trace = await openTrace(file);
    const stats = await traceStats(trace);
    const all = await operationsOf(trace);
    t.is(stats.operations, all.length);
    t.deepEqual(
      stats.tables.map(({ table }) => table),
      [null, 'values', 'lists'],
    );
    for (const got of stats.tables) {
      const operations = all.map((operation, at) => ({ ...operation, at })).filter(({ table }) => (got.table ?? table) === table);
      t.is(got.operations, operations.length);
      for (const { operation, count, share } of got.mix) {
        t.is(count, operations.filter(({ name }) => name === operation).length, operation);
        t.is(share, count / operations.length);
      }
      const reads = operations.filter(({ name }) => name === 'read');
      t.is(got.foundShare, reads.length === 0 ? null : reads.filter(({ found }) => found).length / reads.length);
      t.is(
        got.scannedSlots,
        operations.reduce((sum, { slots }) => sum + slots, 0),
      );
      const sizes = operations.flatMap(({ valueBytes }) => valueBytes ?? []);
      t.deepEqual(got.valueBytes?.buckets, naiveBuckets(sizes));
      t.is(got.valueBytes?.min, Math.min(...sizes));
      t.is(got.valueBytes?.max, Math.max(...sizes));
      t.true(Math.abs(got.valueBytes!.mean - sizes.reduce((sum, size) => sum + size, 0) / sizes.length) < 1e-9);

      const touches = operations.flatMap(({ keys, at }) => keys.map((key) => ({ key, at })));
      const distinct = [...new Set(touches.map(({ key }) => key))];
      t.deepEqual([got.touches, got.distinctKeys], [touches.length, distinct.length]);
      const stretches = Array.from({ length: STRETCHES }, (_, stretch) => {
        const [from, to] = [(stretch * all.length) / STRETCHES, ((stretch + 1) * all.length) / STRETCHES];
        return new Set(touches.filter(({ at }) => at >= from && at < to).map(({ key }) => key)).size;
      });
      t.deepEqual(got.workingSet, stretches);
      const distances = naiveDistances(touches.map(({ key }) => key)).filter((distance) => distance >= 0);
      t.true(distances.length > 100);
      t.is(got.stackDistances.firstTouchShare, distinct.length / touches.length);
      t.deepEqual(got.stackDistances.buckets, naiveBuckets(distances));
      const lifetimes = distinct
        .map((key) => {
          const at = touches.filter((touch) => touch.key === key).map((touch) => touch.at);
          return at.at(-1)! - at[0]!;
        })
        .sort((a, b) => a - b);
      t.deepEqual(got.lifetimes.buckets, naiveBuckets(lifetimes));
      t.is(got.lifetimes.max, lifetimes.at(-1)!);
      t.is(got.lifetimes.median, lifetimes[Math.ceil(lifetimes.length / 2) - 1]!);
    }
  });
}

test('stack distances are those of an LRU stack, also when times have run out many times', (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const distances = new StackDistances();
  const ids = new Map<number, number>();
  // Skewed, so that some come at once again and some after long.
  const touched = Array.from({ length: 20_000 }, () => Math.floor(random() ** 3 * 600));
  const got = touched.map((key) => {
    if (!ids.has(key)) ids.set(key, ids.size);
    return distances.touch(ids.get(key)!);
  });
  t.deepEqual(got, naiveDistances(touched.map(String)));
});
