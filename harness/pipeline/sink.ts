/** Some rows of a stage, in the pipeline's own arenas: to be taken before `accept` returns. */
export interface FiredRows {
  /** Stage that fired, from 1. */
  readonly stage: number;
  /** Each row's window. */
  readonly startsMs: Float64Array;
  readonly endsMs: Float64Array;
  readonly count: number;
  /** Row i's key starts at word `i * keyStrideWords + keyAtWord`, `keyWordCount` words wide. */
  readonly keyWords: Uint32Array;
  readonly keyStrideWords: number;
  readonly keyAtWord: number;
  readonly keyWordCount: number;
  /** Row i's numbers start at `i * width`. */
  readonly numbers: Float64Array;
  readonly width: number;
}

/** What a sink needs to go on after a restore: plain JSON. */
export type SavedSink = Readonly<Record<string, unknown>>;

/** Where output rows go. A sink takes part in checkpoints, so that rows written after the cut vanish with a crash. */
export interface Sink {
  accept(rows: FiredRows): void;
  /** Makes durable what was accepted so far and returns what {@link restore} needs. */
  save(): SavedSink;
  /** Forgets all that was accepted after `saved` was made; everything, if it is null. */
  restore(saved: SavedSink | null): void;
}
