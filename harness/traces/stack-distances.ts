/**
 * LRU stack distances: how many other keys were touched since a key was touched last, which is the size a cache of the
 * least-recently-used kind must exceed to still hold it. Exact: marks at each key's last touch, counted by a Fenwick tree
 * (P. Fenwick 1994), as B. Bennett and V. Kruskal have it (1975); times are renumbered when they run out, so that memory
 * goes by keys and not by touches.
 */
export class StackDistances {
  /** Time of each key's last touch, by its number. */
  #last = new Int32Array(64);
  /** The key last touched at each time; −1 where it has been touched since. */
  #keyAt = new Int32Array(256);
  /** Fenwick tree over times 1 …, of the marks. */
  #tree = new Int32Array(257);
  #time = 0;
  #keys = 0;

  /** Touches key `id`; ids are given from 0 in the order of first touches. @returns −1 for a first touch */
  touch(id: number): number {
    if (this.#time === this.#keyAt.length) this.#renumber();
    let distance = -1;
    if (id === this.#keys) {
      this.#keys++;
      if (id === this.#last.length) this.#last = grown(this.#last);
    } else {
      const last = this.#last[id]!;
      distance = this.#keys - this.#marksUpTo(last);
      this.#mark(last, -1);
      this.#keyAt[last] = -1;
    }
    const time = this.#time++;
    this.#last[id] = time;
    this.#keyAt[time] = id;
    this.#mark(time, 1);
    return distance;
  }

  #mark(time: number, by: number): void {
    const tree = this.#tree;
    for (let i = time + 1; i < tree.length; i += i & -i) tree[i]! += by;
  }

  #marksUpTo(time: number): number {
    const tree = this.#tree;
    let marks = 0;
    for (let i = time + 1; i > 0; i -= i & -i) marks += tree[i]!;
    return marks;
  }

  /** Last touches, in their order, get the times 0 …; as many times are left as there are keys, or more. */
  #renumber(): void {
    const before = this.#keyAt;
    let length = before.length;
    while (length < this.#keys * 4) length *= 2;
    const keyAt = new Int32Array(length);
    let time = 0;
    for (const id of before) {
      if (id < 0) continue;
      this.#last[id] = time;
      keyAt[time++] = id;
    }
    keyAt.fill(-1, time);
    const tree = new Int32Array(length + 1);
    for (let i = 1; i <= length; i++) {
      tree[i]! += i <= time ? 1 : 0;
      const parent = i + (i & -i);
      if (parent <= length) tree[parent]! += tree[i]!;
    }
    this.#keyAt = keyAt;
    this.#tree = tree;
    this.#time = time;
  }
}

function grown(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(numbers.length * 2);
  more.set(numbers);
  return more;
}
