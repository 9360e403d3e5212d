import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { COUNTS, type ConformanceCheck, check, EVENTS, type ModelledCheckpoint, type ModelledCut, type Workbench } from './check.ts';
import type { ModelledStore, Row } from './modelled-store.ts';
import { EDGE_WINDOWS } from './values.ts';

const STEPS = 400;
const NAMES = ['aaaa', 'aaab', '\x80\x80\x80\x80', '\x80\x80\x80\x81'].flatMap((group) =>
  ['', '1', '2', '\xff', 'long'].map((rest) => group + rest),
);
const WINDOWS = [...EDGE_WINDOWS.slice(0, 4), -1, 0, 1, 2, 3, 2 ** 32];
const TABLES = [COUNTS, { ...COUNTS, name: 'more' }, EVENTS];

export const randomChecks: readonly ConformanceCheck[] = [
  check(
    'random use agrees with plain maps',
    'Whatever the order of calls, a store holds what the same calls leave in a plain Map.',
    async (bench) => {
      const seed = seedOf(process.env.STATEBENCH_SEED);
      const steps = new RandomSteps(bench, await bench.open(TABLES), randomFrom(seed));
      for (let step = 0; step < STEPS; step++) {
        try {
          await steps.step();
        } catch (cause) {
          const seen = cause instanceof Error ? cause.message : String(cause);
          throw new Error(
            `step ${step} of seed ${seed} (STATEBENCH_SEED=${seed} replays it), after ${steps.trail.slice(-12).join(', ')}: ${seen}`,
            { cause },
          );
        }
      }
    },
  ),
];

class RandomSteps {
  readonly trail: string[] = [];
  readonly #bench: Workbench;
  readonly #random: () => number;
  #store: ModelledStore;
  #kept: readonly ModelledCheckpoint[] = [];
  #cut: ModelledCut | undefined;

  constructor(bench: Workbench, store: ModelledStore, random: () => number) {
    this.#bench = bench;
    this.#store = store;
    this.#random = random;
  }

  async step(): Promise<void> {
    const store = this.#store;
    const name = this.#pick(['counts', 'more']);
    const roll = this.#below(100);
    if (roll < 25)
      await this.#did(
        `write ${name}`,
        store.write(
          name,
          this.#rows(true, (i) => (this.#below(4) === 0 ? null : this.#text(i, COUNTS.valueBytes))),
        ),
      );
    else if (roll < 40) await this.#did(`update ${name}`, this.#update(name));
    else if (roll < 60)
      await this.#did(
        'append',
        store.append(
          'events',
          this.#rows(false, (i) => this.#text(i, EVENTS.valueBytes)),
        ),
      );
    else if (roll < 66)
      await this.#did(
        'remove',
        store.remove(
          'events',
          this.#rows(false, () => null),
        ),
      );
    else if (roll < 72) await this.#did('drop', store.drop(this.#pick(['counts', 'more', 'events']), this.#pick(WINDOWS)));
    else if (roll < 88) await this.#did('scan', this.#scan());
    else if (roll < 90) await this.#did('verify', store.verify());
    else if (roll < 97) await this.#checkpoint();
    else await this.#restore();
  }

  async #update(name: string): Promise<void> {
    const store = this.#store;
    const rows = this.#rows(true, () => null);
    const batch = store.batch(name, rows.length);
    const found = await store.read(name, rows, batch);
    const updated = rows.map(([window, key], slot): Row => {
      assert.equal(
        found[slot],
        store.model.get(name)?.get(window)?.get(key)?.[0] ?? null,
        `read of table '${name}', window ${window}, key ${JSON.stringify(key)}`,
      );
      const value = this.#below(5) === 0 ? null : this.#text(slot, COUNTS.valueBytes);
      if (value === null) batch.present[slot] = 0;
      else batch.setValue(slot, Buffer.from(value, 'latin1'));
      return [window, key, value];
    });
    await store.writeFilled(name, updated, batch);
  }

  async #scan(): Promise<void> {
    const capacity = this.#pick([1, 2, 3, 10, 100]);
    const group = this.#below(2) === 0 ? {} : { group: this.#pick(NAMES).slice(0, 4) };
    await this.#store.verifyScan(this.#pick(['counts', 'more', 'events']), this.#pick(WINDOWS), { capacity, ...group });
  }

  /** Cuts, and some steps later persists and publishes what was cut, or gives it up. */
  async #checkpoint(): Promise<void> {
    const { store } = this.#store;
    if (this.#cut === undefined) {
      this.#cut = await this.#did('cut', this.#bench.cut(this.#store));
      return;
    }
    const cut = this.#cut;
    this.#cut = undefined;
    if (this.#below(5) === 0) {
      await this.#did(`give up ${cut.place.id}`, Promise.resolve(store.release(cut.place.id)));
      return;
    }
    const checkpoint = await this.#did(`publish ${cut.place.id}`, this.#bench.persist(cut));
    await store.published(cut.place.id);
    this.#kept = [checkpoint, ...this.#kept];
    for (const old of this.#kept.slice(2)) await store.release(old.place.id);
    this.#kept = this.#kept.slice(0, 2);
  }

  async #restore(): Promise<void> {
    if (this.#kept.length === 0) return;
    const checkpoint = this.#pick(this.#kept);
    const alive = this.#below(2) === 0;
    const place = this.#below(2) === 0 ? checkpoint.place : await this.#bench.copy(checkpoint);
    if (!alive) await this.#bench.close(this.#store);
    const restored = await this.#did(`restore ${checkpoint.place.id}`, this.#bench.restore(checkpoint, place));
    if (alive) await this.#bench.close(this.#store);
    this.#store = restored;
    this.#cut = undefined;
    await restored.verify();
  }

  async #did<T>(what: string, done: Promise<T>): Promise<T> {
    this.trail.push(what);
    return done;
  }

  #rows(distinct: boolean, value: (i: number) => string | null): Row[] {
    const rows = Array.from({ length: 1 + this.#below(16) }, (_, i): Row => [this.#pick(WINDOWS), this.#pick(NAMES), value(i)]);
    return distinct ? [...new Map(rows.map((row) => [`${row[0]} ${row[1]}`, row])).values()] : rows;
  }

  /** Never ends in NUL, with which list elements are padded. */
  #text(i: number, width: number): string {
    const length = this.#below(width + 1);
    return length === 0 ? '' : `${String.fromCharCode(this.#below(256)).repeat(length - 1)}${i % 10}`;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)] as T;
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }
}

function seedOf(given: string | undefined): number {
  if (given === undefined) return randomInt(2 ** 32);
  const seed = Number(given);
  assert(
    Number.isSafeInteger(seed) && seed >= 0 && seed < 2 ** 32,
    `STATEBENCH_SEED must be an integer from 0 to ${2 ** 32 - 1}, not '${given}'`,
  );
  return seed;
}

/** Numbers from 0 to below 1: SplitMix32, the 32-bit form of Steele, Lea and Flood's SplitMix (2014). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
