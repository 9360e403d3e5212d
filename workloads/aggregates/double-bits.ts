const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** The bits of a double as two unsigned words. Using it allocates nothing. */
export class DoubleBits {
  readonly #double = new Float64Array(1);
  readonly #words = new Uint32Array(this.#double.buffer);

  /** Takes the bits of `value`; those of 0 for −0. */
  set(value: number): void {
    this.#double[0] = value + 0;
  }

  /** The lower half of the mantissa. */
  get low(): number {
    return this.#words[LITTLE_ENDIAN ? 0 : 1]!;
  }

  /** Sign, exponent and the upper 20 bits of the mantissa. */
  get high(): number {
    return this.#words[LITTLE_ENDIAN ? 1 : 0]!;
  }
}

/**
 * Other views over the arenas that accumulators lie in, each made once, so that a fold allocates nothing.
 * @param make makes the view over all of `doubles`
 */
export function viewOver<View extends object>(make: (doubles: Float64Array) => View): (doubles: Float64Array) => View {
  const views = new WeakMap<Float64Array, View>();
  return (doubles) => {
    let view = views.get(doubles);
    if (view === undefined) {
      view = make(doubles);
      views.set(doubles, view);
    }
    return view;
  };
}
