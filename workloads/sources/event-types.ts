/** Which side of a join each event is on. */
import { EVENT_TYPE, WorkloadError } from '../contract.ts';
import { draw, drawKey } from './random.ts';

/** Shares of the events; the rest are of type left. */
export interface TypeShares {
  readonly right: number;
  readonly ends: number;
}

/** Writes the types of events `position` … `position + count − 1`, all of one block (see random.ts), into `types` from `at`. */
export type EventTypes = (types: Uint8Array, at: number, position: number, count: number) => void;

/** @returns null where all events are of type left. @throws WorkloadError `impossible-settings` */
export function eventTypes(seed: number, { right, ends }: TypeShares): EventTypes | null {
  if (!(right >= 0 && ends >= 0 && right + ends <= 1)) {
    throw new WorkloadError('impossible-settings', `right ${right} and ends ${ends} are shares of the events: together at most 1`);
  }
  if (right + ends === 0) return null;
  const rightBelow = right * 2 ** 32;
  const endBelow = (right + ends) * 2 ** 32;
  return (types, at, position, count) => {
    const { first, second } = drawKey(seed, 'type', position);
    for (let i = 0; i < count; i++) {
      const word = draw(i, first, second);
      types[at + i] = word < rightBelow ? EVENT_TYPE.right : word < endBelow ? EVENT_TYPE.end : EVENT_TYPE.left;
    }
  };
}
