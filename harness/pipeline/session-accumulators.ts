import type { Pending } from '../../backends/contract.ts';
import type { IncrementalAggregate } from '../../workloads/contract.ts';
import type { Session, SessionContents, TakenEvents } from './session-contents.ts';
import type { SessionRows } from './session-rows.ts';
import { NO_NODE, type SessionSlots } from './session-slots.ts';

/** Sessions of accumulators: a node a session, folded in as long runs of events as merges allow. */
export function sessionAccumulators(aggregate: IncrementalAggregate, rows: SessionRows): SessionContents {
  let taken: TakenEvents;
  /** Events of the micro-batch in accumulators. */
  let folded = 0;

  function foldUntil(event: number): void {
    if (event === folded) return;
    const { events, from, slots, nodes } = taken;
    aggregate.fold(slots.payloads, slots.present, nodes, folded, events.values, from + folded, event - folded);
    folded = event;
  }

  function emit(slots: SessionSlots, { slot, first, startMs, endMs }: Session): void {
    const at = rows.add(startMs, endMs, slots.batch, slot);
    aggregate.emit(slots.payloads, first, 1, rows.numbers, at);
  }

  return {
    begin(begun) {
      taken = begun;
      folded = 0;
    },
    opened() {},
    touched(slot, node, event) {
      const { slots } = taken;
      foldUntil(event);
      let next = slots.nexts[node]!;
      for (; next !== NO_NODE && slots.startsMs[next]! <= slots.endsMs[node]!; next = slots.nexts[next]!) {
        aggregate.merge(slots.payloads, node, slots.payloads, next);
        slots.endsMs[node] = Math.max(slots.endsMs[node]!, slots.endsMs[next]!);
      }
      slots.link(slot, node, next);
    },
    updated(session, event) {
      foldUntil(event + 1);
      emit(taken.slots, session);
    },
    taken: () => foldUntil(taken.count),
    stored: (): Pending => rows.flush(),
    fire: emit,
    forget() {},
    fired: (): Pending => rows.flush(),
    async held({ payloads }, { first }) {
      const results = new Float64Array(aggregate.columns.length);
      aggregate.emit(payloads, first, 1, results, 0);
      return [...results];
    },
    open: () => ({}),
  };
}
