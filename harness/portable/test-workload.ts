/** Small workloads for tests that carry state. Windows overlap, events come out of order and late. */
import type { AggregateStage, Source, WindowSpec, Workload } from '../../workloads/contract.ts';
import { builtInFile, create } from '../modules.ts';

export const EVENTS = 12_000;

/**
 * `values`: counts, and their totals by the first 7 bytes of the key: two tables of values. `lists`: medians: a table of lists.
 * `sessions`: medians of sessions: two tables of values and one of lists.
 */
export type Held = 'values' | 'lists' | 'sessions';

/** A workload over `keys` keys, and its events. */
export async function testWorkload(held: Held, keys: number): Promise<{ readonly workload: Workload; readonly source: Source }> {
  const options = { events: EVENTS, keys, keyBytes: 8, ratePerSecond: 100, size: 20_000, disorder: 0.2, late: 0.01, delay: 500 };
  const make = (name: string) =>
    create<Workload>({ kind: 'workload', name, file: builtInFile('workload', name), options: { ...options, watermarkEvery: 100 } });
  const made = await make(held === 'values' ? 'synthetic' : 'tumbling-holistic');
  const window: WindowSpec =
    held === 'sessions'
      ? { kind: 'session', gapMs: 5_000 }
      : { kind: 'sliding', sizeMs: 20_000, slideMs: 10_000, offsetMs: 0, panes: false };
  const first = { ...(made.stages[0] as AggregateStage), window };
  const stages = held === 'values' ? [first, await totals()] : [first];
  return { workload: { ...made, stages }, source: await made.source({ seed: 3, endless: false }) };
}

/** The second stage of the built-in chain, by the minute. */
async function totals(): Promise<AggregateStage> {
  const name = 'flights-delays';
  const chain = await create<Workload>({ kind: 'workload', name, file: builtInFile('workload', name), options: {} });
  return { ...(chain.stages[1] as AggregateStage), keyPrefixBytes: 7, window: { kind: 'tumbling', sizeMs: 60_000, offsetMs: 0 } };
}
