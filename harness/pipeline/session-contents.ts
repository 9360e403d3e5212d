import type { Pending } from '../../backends/contract.ts';
import type { EventBatch } from '../../workloads/contract.ts';
import type { NO_NODE, SessionSlots } from './session-slots.ts';
import type { SavedStage } from './stage.ts';

/** A session of one slot: the nodes `first` to `last` of its chain. */
export interface Session {
  slot: number;
  first: number;
  last: number;
  startMs: number;
  endMs: number;
}

/** The events of a micro-batch on their way into sessions. */
export interface TakenEvents {
  readonly events: EventBatch;
  /** Index of the first in `events`. */
  readonly from: number;
  readonly count: number;
  readonly slots: SessionSlots;
  /** Of each event of the micro-batch, the slot of its key. */
  readonly slotOf: Int32Array;
  /** Of each event taken so far, the node it went into; {@link NO_NODE} if it is late. */
  readonly nodes: Int32Array;
}

/** What the sessions of a stage hold, and what becomes of it. Events are numbered from 0 in their micro-batch. */
export interface SessionContents {
  /** A micro-batch begins. */
  begin(taken: TakenEvents): void;
  /** An event made a node of its own. */
  opened(slot: number, node: number, timeMs: number): void;
  /** Event `event` made a node touch the one after it. */
  touched(slot: number, node: number, event: number): void;
  /** Event `event` was taken into a session that has fired: its row is due again. */
  updated(session: Session, event: number): void;
  /** All events were taken; the nodes are about to be stored. */
  taken(): void;
  /** The nodes were stored. */
  stored(): Pending;
  /** A session is due. */
  fire(slots: SessionSlots, session: Session): void;
  /** A session is over. */
  forget(slots: SessionSlots, session: Session): void;
  /** All of these slots that was due and over was told. */
  fired(slots: SessionSlots): Pending;
  /** The numbers of a session as `HeldRow` has them. */
  held(slots: SessionSlots, session: Session): Promise<readonly number[]>;
  /** Windows of tables of its own, as {@link SavedStage} says. */
  open(): SavedStage['open'];
}
