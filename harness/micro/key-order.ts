import { seededRandom } from '../random.ts';

/** Key numbers 0 to `keys` − 1 in a shuffled order, again and again: any `keys` in a row are distinct. */
export class KeyOrder {
  readonly #order: Uint32Array;
  #at = 0;

  constructor(keys: number, seed: number) {
    const random = seededRandom(seed);
    const order = Uint32Array.from({ length: keys }, (_, key) => key);
    for (let last = keys - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      const moved = order[last]!;
      order[last] = order[other]!;
      order[other] = moved;
    }
    this.#order = order;
  }

  next(): number {
    const key = this.#order[this.#at]!;
    this.#at = this.#at + 1 === this.#order.length ? 0 : this.#at + 1;
    return key;
  }
}
