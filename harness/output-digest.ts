/**
 * A digest of output rows as a multiset, 128 bits: equal multisets have equal digests, whatever the order of their rows.
 *
 * A row is (stage, window start, window end, key, numbers). Each row is hashed into four 32-bit lanes; the digest is the sum of the
 * rows' lanes, each modulo 2^32, so a row twice is not a row once. Hashed are, as 32-bit words in this order: the stage, how many words
 * the key has, how many numbers there are, 0; start and end in ms and the numbers, as doubles; the words of the key, which zero bytes
 * pad to whole ones. −0 counts as 0 and every NaN as the same one. Words and doubles have the machine's byte order: digests of machines
 * that differ in it do not compare.
 *
 * Each lane takes every word in by a step of MurmurHash3 with multipliers of its own, and the lanes are stirred into each other before
 * they are added up, so that a change anywhere in a row changes all four.
 */

/** What a digest needs to go on after a restore. */
export interface DigestState {
  readonly rows: number;
  readonly lanes: readonly [number, number, number, number];
}

const HEADER_WORDS = 8;

export class OutputDigest {
  #rows = 0;
  #sum0 = 0;
  #sum1 = 0;
  #sum2 = 0;
  #sum3 = 0;
  // The row being hashed, as words and as doubles over the same bytes. Grown for the widest row seen.
  #words = new Int32Array(64);
  #doubles = new Float64Array(this.#words.buffer);

  /** Rows added. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Adds a row. Allocates only for a row wider than any before.
   * @param stage from 1
   * @param keyWords the key is `keyWordCount` words from `keyAt`
   * @param doubles the numbers are `width` doubles from `at`
   */
  add(
    stage: number,
    startMs: number,
    endMs: number,
    keyWords: Uint32Array,
    keyAt: number,
    keyWordCount: number,
    doubles: Float64Array,
    at: number,
    width: number,
  ): void {
    const wordCount = HEADER_WORDS + 2 * width + keyWordCount;
    if (wordCount > this.#words.length) {
      this.#words = new Int32Array(2 * Math.ceil(wordCount / 2));
      this.#doubles = new Float64Array(this.#words.buffer);
    }
    const words = this.#words;
    const numbers = this.#doubles;
    words[0] = stage;
    words[1] = keyWordCount;
    words[2] = width;
    words[3] = 0;
    numbers[2] = canonical(startMs);
    numbers[3] = canonical(endMs);
    for (let i = 0; i < width; i++) numbers[4 + i] = canonical(doubles[at + i]!);
    for (let i = 0; i < keyWordCount; i++) words[HEADER_WORDS + 2 * width + i] = keyWords[keyAt + i]!;
    this.#hash(words, wordCount);
    this.#rows++;
  }

  /** 32 hexadecimal digits. */
  hex(): string {
    return this.save()
      .lanes.map((lane) => lane.toString(16).padStart(8, '0'))
      .join('');
  }

  save(): DigestState {
    return { rows: this.#rows, lanes: [this.#sum0 >>> 0, this.#sum1 >>> 0, this.#sum2 >>> 0, this.#sum3 >>> 0] };
  }

  /** The state of which {@link hex} said this. @throws RangeError if that is no digest */
  static parse(rows: number, hex: string): DigestState {
    if (!/^[0-9a-f]{32}$/.test(hex)) throw new RangeError(`not a digest: ${hex}`);
    const lane = (at: number) => Number.parseInt(hex.slice(at * 8, at * 8 + 8), 16);
    return { rows, lanes: [lane(0), lane(1), lane(2), lane(3)] };
  }

  /** @throws RangeError if that was never a state */
  static load({ rows, lanes }: DigestState): OutputDigest {
    if (!Number.isSafeInteger(rows) || rows < 0 || lanes.length !== 4 || lanes.some((lane) => lane !== lane >>> 0)) {
      throw new RangeError(`not the state of a digest: ${rows} rows, lanes ${lanes.join(', ')}`);
    }
    const digest = new OutputDigest();
    digest.#rows = rows;
    digest.#sum0 = lanes[0] | 0;
    digest.#sum1 = lanes[1] | 0;
    digest.#sum2 = lanes[2] | 0;
    digest.#sum3 = lanes[3] | 0;
    return digest;
  }

  /** The state of the digest of all these digests' rows together. */
  static sum(states: readonly DigestState[]): DigestState {
    const lane = (at: 0 | 1 | 2 | 3) => states.reduce((sum, { lanes }) => (sum + lanes[at]) >>> 0, 0);
    return { rows: states.reduce((sum, { rows }) => sum + rows, 0), lanes: [lane(0), lane(1), lane(2), lane(3)] };
  }

  #hash(words: Int32Array, count: number): void {
    let a = 0x9e3779b9 | 0;
    let b = 0x7f4a7c15 | 0;
    let c = 0xf39cc060 | 0;
    let d = 0x5cedc834 | 0;
    for (let i = 0; i < count; i++) {
      const word = words[i]!;
      let k = Math.imul(word, 0x239b961b);
      a ^= Math.imul((k << 15) | (k >>> 17), 0xab0e9789);
      a = (Math.imul((a << 19) | (a >>> 13), 5) + 0x561ccd1b) | 0;
      k = Math.imul(word, 0xab0e9789);
      b ^= Math.imul((k << 16) | (k >>> 16), 0x38b34ae5);
      b = (Math.imul((b << 17) | (b >>> 15), 5) + 0x0bcaa747) | 0;
      k = Math.imul(word, 0x38b34ae5);
      c ^= Math.imul((k << 17) | (k >>> 15), 0xa1e38b93);
      c = (Math.imul((c << 15) | (c >>> 17), 5) + 0x96cd1c35) | 0;
      k = Math.imul(word, 0xa1e38b93);
      d ^= Math.imul((k << 18) | (k >>> 14), 0x239b961b);
      d = (Math.imul((d << 13) | (d >>> 19), 5) + 0x32ac3b17) | 0;
    }
    a = (a + b + c + d) | 0;
    b = (b + a) | 0;
    c = (c + a) | 0;
    d = (d + a) | 0;
    a = avalanche(a);
    b = avalanche(b);
    c = avalanche(c);
    d = avalanche(d);
    a = (a + b + c + d) | 0;
    b = (b + a) | 0;
    c = (c + a) | 0;
    d = (d + a) | 0;
    this.#sum0 = (this.#sum0 + a) | 0;
    this.#sum1 = (this.#sum1 + b) | 0;
    this.#sum2 = (this.#sum2 + c) | 0;
    this.#sum3 = (this.#sum3 + d) | 0;
  }
}

/** One bit pattern for what counts as one number. */
function canonical(value: number): number {
  return Number.isNaN(value) ? Number.NaN : value + 0; // −0 + 0 is 0
}

/** MurmurHash3's: every bit of the input moves half the bits of the output. */
function avalanche(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
