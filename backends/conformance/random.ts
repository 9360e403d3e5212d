import assert from 'node:assert/strict';
import { COUNTS, type ConformanceCheck, check, EVENTS, type ModelledCheckpoint, type ModelledCut, type Workbench } from './check.ts';
import type { ModelledStore, Row } from './modelled-store.ts';
import { type Random, seeded } from './seeded.ts';
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
    (bench) =>
      seeded(async (random) => {
        const steps = new RandomSteps(bench, await bench.open(TABLES), random);
        for (let step = 0; step <= STEPS; step++) {
          try {
            await (step < STEPS ? steps.step() : steps.verify());
          } catch (cause) {
            const seen = cause instanceof Error ? cause.message : String(cause);
            throw new Error(`step ${step} after ${steps.trail.slice(-12).join(', ')}: ${seen}`, { cause });
          }
        }
      }),
  ),
];

class RandomSteps {
  readonly trail: string[] = [];
  readonly #bench: Workbench;
  readonly #random: Random;
  #store: ModelledStore;
  #kept: readonly ModelledCheckpoint[] = [];
  #cut: ModelledCut | undefined;

  constructor(bench: Workbench, store: ModelledStore, random: Random) {
    this.#bench = bench;
    this.#store = store;
    this.#random = random;
  }

  async step(): Promise<void> {
    const store = this.#store;
    const name = this.#random.pick(['counts', 'more']);
    const roll = this.#random.below(100);
    if (roll < 25)
      await this.#did(
        `write ${name}`,
        store.write(
          name,
          this.#rows(true, (i) => (this.#random.below(4) === 0 ? null : this.#text(i, COUNTS.valueBytes))),
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
    else if (roll < 72) await this.#did('drop', store.drop(this.#random.pick(['counts', 'more', 'events']), this.#random.pick(WINDOWS)));
    else if (roll < 88) await this.#did('scan', this.#scan());
    else if (roll < 90) await this.verify();
    else if (roll < 97) await this.#checkpoint();
    else await this.#restore();
  }

  async verify(): Promise<void> {
    await this.#did('verify', this.#store.verify());
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
      const value = this.#random.below(5) === 0 ? null : this.#text(slot, COUNTS.valueBytes);
      if (value === null) batch.present[slot] = 0;
      else batch.setValue(slot, Buffer.from(value, 'latin1'));
      return [window, key, value];
    });
    await store.writeFilled(name, updated, batch);
  }

  async #scan(): Promise<void> {
    const capacity = this.#random.pick([1, 2, 3, 10, 100]);
    const group = this.#random.below(2) === 0 ? {} : { group: this.#random.pick(NAMES).slice(0, 4) };
    await this.#store.verifyScan(this.#random.pick(['counts', 'more', 'events']), this.#random.pick(WINDOWS), { capacity, ...group });
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
    if (this.#random.below(5) === 0) {
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
    // What has gone wrong since the checkpoint would be forgotten with the state that it went wrong in.
    await this.verify();
    const checkpoint = this.#random.pick(this.#kept);
    const alive = this.#random.below(2) === 0;
    const place = this.#random.below(2) === 0 ? checkpoint.place : await this.#bench.copy(checkpoint);
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
    const rows = Array.from(
      { length: 1 + this.#random.below(16) },
      (_, i): Row => [this.#random.pick(WINDOWS), this.#random.pick(NAMES), value(i)],
    );
    return distinct ? [...new Map(rows.map((row) => [`${row[0]} ${row[1]}`, row])).values()] : rows;
  }

  /** Never ends in NUL, with which list elements are padded. */
  #text(i: number, width: number): string {
    const length = this.#random.below(width + 1);
    return length === 0 ? '' : `${String.fromCharCode(this.#random.below(256)).repeat(length - 1)}${i % 10}`;
  }
}
