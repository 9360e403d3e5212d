import type { Aggregate, AggregateStage, WindowSpec } from './contract.ts';

/** keyBy → window → aggregate, over the leading `keyPrefixBytes` of a key. */
export function windowed(keyPrefixBytes: number, window: WindowSpec, aggregate: Aggregate, allowedLatenessMs = 0): AggregateStage {
  return { kind: 'aggregate', keyPrefixBytes, window, aggregate, allowedLatenessMs };
}
