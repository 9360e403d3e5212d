import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { RECENT_WINDOWS } from './trace-format.ts';

const DELTA = 0;
const WHOLE = 1;
const RECENT = 2;

/**
 * How windows are written: by how many windows ago one was written out, or, if it is none of the last ones, by its
 * distance from the last that was, or whole where that distance is no safe integer. Writer and reader keep the same list.
 */
export class RecentWindows {
  readonly #ring = new Float64Array(RECENT_WINDOWS);
  /** Windows written out so far. */
  #count = 0;

  write(block: ByteWriter, window: number): void {
    const oldest = Math.max(0, this.#count - RECENT_WINDOWS);
    for (let i = this.#count - 1; i >= oldest; i--) {
      if (this.#ring[i % RECENT_WINDOWS] !== window) continue;
      block.varint(RECENT + this.#count - 1 - i);
      return;
    }
    const delta = window - this.#newest;
    if (Number.isSafeInteger(delta)) {
      block.varint(DELTA);
      block.signed(delta);
    } else {
      block.varint(WHOLE);
      block.signed(window);
    }
    this.#ring[this.#count++ % RECENT_WINDOWS] = window;
  }

  /** @throws DamagedBlock if it refers to a window that there is not */
  read(block: ByteReader): number {
    const code = block.varint();
    if (code >= RECENT) {
      const i = this.#count - 1 - (code - RECENT);
      block.check(i >= 0 && i >= this.#count - RECENT_WINDOWS, 'refers to a window that was not written out');
      return this.#ring[i % RECENT_WINDOWS]!;
    }
    const window = block.signed() + (code === DELTA ? this.#newest : 0);
    block.check(Number.isSafeInteger(window), 'has a window that is no safe integer');
    this.#ring[this.#count++ % RECENT_WINDOWS] = window;
    return window;
  }

  get #newest(): number {
    return this.#count === 0 ? 0 : this.#ring[(this.#count - 1) % RECENT_WINDOWS]!;
  }
}
