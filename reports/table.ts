/** A table of plain values: what a chart shows, and what is exported. Every format is made from this one. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Value[])[];
}

export interface Column {
  /** Stable name with the unit, for programs: `batch_p99_ms`. */
  readonly key: string;
  /** What people read, with the unit. */
  readonly title: string;
}

/** Null is "not measured". */
export type Value = string | number | null;
