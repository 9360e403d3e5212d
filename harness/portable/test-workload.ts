/** Small workloads for tests that carry state. Windows overlap, events come out of order and late. */
import { type AggregateStage, EVENT_TYPE, type SlidingWindow, type Source, type Stage, type Workload } from '../../workloads/contract.ts';
import { builtInFile, create } from '../modules.ts';

export const EVENTS = 12_000;

/**
 * `values`: counts, and their totals by the first 7 bytes of the key: two tables of values. `lists`: medians: a table of lists.
 * `sessions`: medians of sessions: two tables of values and one of lists. Joins have two tables each, of which windows or whole keys
 * are scanned.
 */
export type Held = 'values' | 'lists' | 'sessions' | Join;

export type Join = Exclude<Stage['kind'], 'aggregate'>;
export const JOINS: readonly Join[] = ['window-join', 'interval-join', 'continuous-join'];

const SLIDING: SlidingWindow = { kind: 'sliding', sizeMs: 20_000, slideMs: 10_000, offsetMs: 0, panes: false };

/** A workload over `keys` keys, and its events. */
export async function testWorkload(held: Held, keys: number): Promise<{ readonly workload: Workload; readonly source: Source }> {
  const options = { events: EVENTS, keys, keyBytes: 8, ratePerSecond: 100, size: 20_000, disorder: 0.2, late: 0.01, delay: 500 };
  const make = (name: string) =>
    create<Workload>({ kind: 'workload', name, file: builtInFile('workload', name), options: { ...options, watermarkEvery: 100 } });
  const made = await make(held === 'values' ? 'synthetic' : 'tumbling-holistic');
  const window = held === 'sessions' ? ({ kind: 'session', gapMs: 5_000 } as const) : SLIDING;
  const first = { ...(made.stages[0] as AggregateStage), window };
  const source = await made.source({ seed: 3, endless: false });
  if (held === 'values') return { workload: { ...made, stages: [first, await totals()] }, source };
  if (held === 'lists' || held === 'sessions') return { workload: { ...made, stages: [first] }, source };
  return { workload: { ...made, stages: [joinStage(held)] }, source: twoSided(source) };
}

function joinStage(kind: Join): Stage {
  const key = { keyPrefixBytes: 8, inputWidth: 1 };
  switch (kind) {
    case 'window-join':
      return { kind, ...key, window: SLIDING };
    case 'interval-join':
      return { kind, ...key, lowerMs: -3_000, upperMs: 7_000 };
    case 'continuous-join':
      return { kind, ...key };
  }
}

/** The same events on two sides by turns, of the left ones every fourth an end. */
function twoSided(source: Source): Source {
  return {
    ...{ keyBytes: source.keyBytes, width: source.width, events: source.events },
    get position() {
      return source.position;
    },
    seek: (position) => source.seek(position),
    fill(batch, limit) {
      const first = source.position;
      const count = source.fill(batch, limit);
      for (let i = 0; i < count; i++) {
        const event = first + i;
        batch.types[i] = event % 2 === 1 ? EVENT_TYPE.right : event % 8 === 0 ? EVENT_TYPE.end : EVENT_TYPE.left;
      }
      return count;
    },
  };
}

/** The second stage of the built-in chain, by the minute. */
async function totals(): Promise<AggregateStage> {
  const name = 'flights-delays';
  const chain = await create<Workload>({ kind: 'workload', name, file: builtInFile('workload', name), options: {} });
  return { ...(chain.stages[1] as AggregateStage), keyPrefixBytes: 7, window: { kind: 'tumbling', sizeMs: 60_000, offsetMs: 0 } };
}
