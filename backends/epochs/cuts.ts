/**
 * The checkpoints of a namespace that were not released: what each of them needs may not go.
 *
 * The server keeps this register as well, one entry a cut, because a checkpoint's own file cannot know of those that are
 * made after it: whoever restores an older one has to leave the newer one whole. The entry is made before `checkpoint`
 * settles, so a server that has it also has everything the cut consists of, if it keeps what it was sent in order.
 */
import { z } from 'zod';
import { BackendError } from '../contract.ts';
import { isWithin } from './lineage.ts';

const rangeSchema = z.tuple([z.int().positive(), z.int().positive()]).readonly();

export const cutSchema = z.strictObject({
  /** Of the checkpoint. */
  id: z.int().nonnegative(),
  /** The last epoch that the checkpoint sees. */
  epoch: z.int().positive(),
  /** Made up for the cut: tells it from another of the same epoch, made after a server had lost the first. */
  token: z.string(),
  ranges: z.array(rangeSchema).readonly(),
  /** By number of a table, the window id that would have been given out next. */
  nextIds: z.array(z.int().nonnegative()).readonly(),
  /** Epoch of the store that cut it, when it began. */
  attempt: z.int().positive(),
  published: z.boolean(),
});

/** One cut, as it is registered. */
export type Cut = Readonly<z.infer<typeof cutSchema>>;

/** @throws BackendError `damaged` if the server's entry is none of ours. */
export function parseCut(text: string): Cut {
  try {
    return cutSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BackendError(
      'damaged',
      'the server holds an entry of a checkpoint that this version cannot read: restore with the version that made it',
      {
        cause,
      },
    );
  }
}

/** True if a checkpoint cut at `cut` sees what was written in `epoch`. */
export function cutSees({ epoch: last, ranges }: Pick<Cut, 'epoch' | 'ranges'>, epoch: number): boolean {
  return epoch <= last && isWithin(ranges, epoch);
}

export class Cuts {
  #cuts: readonly Cut[];

  constructor(cuts: readonly Cut[] = []) {
    this.#cuts = [...cuts].sort((a, b) => a.epoch - b.epoch);
  }

  /** In the order they were made. */
  get all(): readonly Cut[] {
    return this.#cuts;
  }

  /** Epoch of the newest; 0 if there is none. What was born later no checkpoint needs. */
  get newest(): number {
    return this.#cuts.at(-1)?.epoch ?? 0;
  }

  /** Epoch of the oldest; infinite if there is none. What was overwritten by then no checkpoint needs. */
  get oldest(): number {
    return this.#cuts[0]?.epoch ?? Number.POSITIVE_INFINITY;
  }

  /**
   * True if a checkpoint needs what was born in one epoch and given up in a later one: if it may know the first, and does
   * not know the second, being older or of stores that went on from another checkpoint.
   */
  need(born: number, gone: number): boolean {
    return this.#cuts.some((cut) => born <= cut.epoch && !cutSees(cut, gone));
  }

  add(cut: Cut): void {
    this.#cuts = [...this.#cuts.filter(({ epoch }) => epoch !== cut.epoch), cut].sort((a, b) => a.epoch - b.epoch);
  }

  /**
   * Notes that a checkpoint can no longer be lost.
   * @returns its entry, to be registered anew, and those to be struck out: cuts that earlier stores made and never published.
   */
  published(id: number): { readonly kept: Cut | undefined; readonly given: readonly Cut[] } {
    const found = this.#cuts.find((cut) => cut.id === id);
    if (found === undefined) return { kept: undefined, given: [] };
    const kept = { ...found, published: true };
    const given = this.#cuts.filter((cut) => !cut.published && cut.attempt < found.attempt && cut.id !== id);
    this.#cuts = this.#cuts.filter((cut) => !given.includes(cut)).map((cut) => (cut === found ? kept : cut));
    return { kept, given };
  }

  /** Strikes a checkpoint out. @returns its entry, if it had one. */
  release(id: number): Cut | undefined {
    const found = this.#cuts.find((cut) => cut.id === id);
    if (found !== undefined) this.#cuts = this.#cuts.filter((cut) => cut !== found);
    return found;
  }
}
