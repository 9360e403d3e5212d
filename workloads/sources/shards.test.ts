// Proves that a stream can be divided: what process i of n keeps of it is the same whatever the pieces it takes it in and from where it
// goes on, and the shards of n processes are the stream, every event in one of them, in order.
import { createHash } from 'node:crypto';
import test from 'ava';
import { KEY_GROUPS, KeyGroupFilter, keyGroupsOf } from '../../harness/portable/key-groups.ts';
import { EventBatch, type Source } from '../contract.ts';
import * as synthetic from '../synthetic.ts';
import { eventDigest } from './event-digest.ts';

const EVENTS = 8_000;
const SORTS: readonly Readonly<Record<string, string | number | boolean>>[] = [
  {},
  { distribution: 'zipf', arrivals: 'poisson', payload: 'lognormal', disorder: 0.2, late: 0.1 },
  { distribution: 'latest', regime: 'growing', growOver: 15_000, arrivals: 'burst', burstEvery: 50, burstLength: 9, payload: 'uniform' },
  { distribution: 'hotspot', regime: 'expiring', turnover: 5_000, keys: 500, payload: 'constant', compressibility: 0.5 },
  { distribution: 'ecdf', ecdf: '0.1:0.6;1:1', keys: 900 },
  { distribution: 'sequential', keys: 333 },
];

function workloadOf(settings: (typeof SORTS)[number]) {
  return synthetic.default(synthetic.options.parse(settings));
}

const sourceOf = (settings: (typeof SORTS)[number]): Promise<Source> => workloadOf(settings).source({ seed: 11, endless: true });

test('a shard is the same in any pieces and from any event on', async (t) => {
  for (const settings of SORTS) {
    const workload = workloadOf(settings);
    for (const parts of [2, 3, 7]) {
      const part = parts - 1;
      const filter = new KeyGroupFilter(keyGroupsOf(part, parts), workload);
      const digest = async (from: number, count: number, size: number): Promise<string> => {
        const source = await sourceOf(settings);
        source.seek(from);
        return eventDigest(source, count, size, (batch) => filter.keep(batch));
      };
      const whole = await digest(0, EVENTS, EVENTS);
      for (const size of [64, 1_000]) t.is(await digest(0, EVENTS, size), whole, `${JSON.stringify(settings)}, shard ${part} of ${parts}`);
      t.is(await digest(6_789, 2_000, 100), await digest(6_789, 2_000, 2_000));
    }
  }
});

test('shards of any number of processes put together are the stream', async (t) => {
  for (const settings of SORTS) {
    const workload = workloadOf(settings);
    const whole = await rows(await sourceOf(settings), () => 0);
    for (const parts of [2, 3, 7]) {
      const shards: string[][] = [];
      for (let part = 0; part < parts; part++) {
        const filter = new KeyGroupFilter(keyGroupsOf(part, parts, KEY_GROUPS), workload);
        shards.push(await rows(await sourceOf(settings), (batch) => filter.keep(batch)));
      }
      t.true(shards.every((shard) => shard.length > 0 && shard.length < EVENTS));
      t.deepEqual(shards.flat().toSorted(), whole.toSorted(), `${JSON.stringify(settings)}, ${parts} shards`);
      for (const shard of shards) t.true(isSubsequence(shard, whole));
    }
  }
});

/** Digest of every event that is kept. */
async function rows(source: Source, keep: (batch: EventBatch) => void): Promise<string[]> {
  const { keyBytes, width } = source;
  const batch = new EventBatch(500, source);
  const result: string[] = [];
  for (let left = EVENTS; left > 0; ) {
    left -= source.fill(batch, left);
    keep(batch);
    for (let i = 0; i < batch.length; i++) {
      const hash = createHash('md5').update(batch.keys.subarray(i * keyBytes, (i + 1) * keyBytes));
      hash.update(new Uint8Array(batch.values.buffer, i * width * 8, width * 8));
      result.push(hash.update(`${batch.timestamps[i]} ${batch.types[i]}`).digest('base64'));
    }
  }
  return result;
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const row of whole) if (row === part[at]) at++;
  return at === part.length;
}
