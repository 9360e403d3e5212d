/** Which of the keys there are, as the stream goes on. */
import { WorkloadError } from '../../contract.ts';

export type Regime =
  /** All of them, from first to last. */
  | { readonly kind: 'steady' }
  /** 1 % of them to begin with, and the rest one by one, evenly over the first `growOver` events: state grows. */
  | { readonly kind: 'growing'; readonly growOver: number }
  /**
   * As many at any time, but new ones take the place of the oldest, evenly: `turnover` events replace them all. None returns
   * before {@link KEY_NUMBERS} others came.
   */
  | { readonly kind: 'expiring'; readonly turnover: number };

/** Numbers of keys that come and go begin again at 0 after this many. */
export const KEY_NUMBERS = 2 ** 32;

/** A number of keys that grows from event to event. */
export interface Growth {
  keysAt(position: number): number;
  /** The first event that finds more than `keys` keys; Infinity if there never are. */
  firstWithMore(keys: number): number;
}

/** @throws WorkloadError `impossible-settings` */
export function growth(keys: number, growOver: number): Growth {
  checkEvents('growOver', growOver);
  const first = Math.ceil(keys / 100);
  const keysAt = (position: number): number => (position >= growOver ? keys : first + Math.floor(((keys - first) * position) / growOver));
  return {
    keysAt,
    firstWithMore(bound) {
      if (bound >= keys) return Infinity;
      let below = 0;
      let above = growOver;
      while (below < above) {
        const middle = Math.floor((below + above) / 2);
        if (keysAt(middle) > bound) above = middle;
        else below = middle + 1;
      }
      return above;
    },
  };
}

/**
 * Puts keys that live for a while in the place of those that were there from first to last. At event i there are the keys from
 * floor(i × keys / turnover) on; of those, number n stands where n modulo `keys` stood, so that it is as popular all its life.
 * @throws WorkloadError `impossible-settings`
 */
export function expiring(keys: number, turnover: number): (numbers: Uint32Array, position: number, count: number) => void {
  checkEvents('turnover', turnover);
  return (numbers, position, count) => {
    for (let i = 0; i < count; i++) {
      const oldest = Math.floor(((position + i) * keys) / turnover);
      const place = numbers[i]!;
      numbers[i] = place + Math.ceil((oldest - place) / keys) * keys;
    }
  };
}

/** As {@link expiring}, for numbers that say how many newer keys there are. */
export function expiringByAge(keys: number, turnover: number): (ages: Uint32Array, position: number, count: number) => void {
  checkEvents('turnover', turnover);
  return (ages, position, count) => {
    for (let i = 0; i < count; i++) ages[i] = Math.floor(((position + i) * keys) / turnover) + keys - 1 - ages[i]!;
  };
}

function checkEvents(name: string, events: number): void {
  if (!Number.isSafeInteger(events) || events < 1) {
    throw new WorkloadError('impossible-settings', `${name} is a number of events, at least 1, not ${events}`);
  }
}
