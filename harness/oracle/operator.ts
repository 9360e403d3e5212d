/** One event of the stream, or one row of an earlier stage on its way to the next. */
export interface OracleEvent {
  /** One character a byte (Latin-1). */
  readonly key: string;
  readonly time: number;
  /** One of `EVENT_TYPE`. */
  readonly type: number;
  readonly numbers: readonly number[];
}

/** Takes a row of output, or of what an operator holds. */
export type Give = (windowStart: number, windowEnd: number, key: string, numbers: readonly number[]) => void;

/** One operator, that gives its rows to an `emit` it was made with. It knows all its keys, and the watermark. */
export interface Operator {
  /** Events dropped as late so far. */
  readonly late: number;
  event(event: OracleEvent): void;
  /** Advances the watermark, and emits what that makes due, the oldest first. */
  advance(watermark: number): void;
  /** Gives what is held, in the form that `HeldRow` of the pipeline describes. */
  state(give: Give): void;
  /** One that holds the same and has a life of its own. */
  copy(emit: Give): Operator;
}

/** The value at `key`, made and put there if there is none. */
export function at<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

/** A map whose values are copies of `map`'s. */
export function copyOf<Key, Value>(map: ReadonlyMap<Key, Value>, copyValue: (value: Value) => Value): Map<Key, Value> {
  const copy = new Map<Key, Value>();
  for (const [key, value] of map) copy.set(key, copyValue(value));
  return copy;
}
