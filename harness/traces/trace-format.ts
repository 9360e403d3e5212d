/**
 * The file format of operation traces: what `docs/traces.md` describes, in numbers.
 */
import { z } from 'zod';
import type { TableSpec } from '../../backends/contract.ts';

/** Grows when a reader of the version before would misread the file. */
export const TRACE_VERSION = 1;
export const MAGIC_BEGINNING = 'statebench trace ';
export const MAGIC = Buffer.from(`${MAGIC_BEGINNING}${TRACE_VERSION}\n`);
/** Behind the magic: length and CRC-32 of the header. */
export const HEADER_HEAD_BYTES = 8;
/** In front of each block: calls, payload bytes, checksum. */
export const BLOCK_HEAD_BYTES = 12;
/** A block is closed when the next call might not fit; one call that needs more gets a block of its own. */
export const BLOCK_BYTES = 1 << 18;
/** A length beyond it is damage, not a reason to allocate. */
export const BLOCK_BYTES_MAX = 1 << 30;
/** Keys of a table that get a number; later ones are written out each time. */
export const NUMBERED_KEYS = 1 << 20;
/** How many of a table's windows can be referred to: those that were written out last. */
export const RECENT_WINDOWS = 32;

/** Kinds of calls, as the low bits of a record's first byte have them. */
export const CALL_KINDS = ['read', 'write', 'append', 'remove', 'scan', 'drop'] as const;
export type CallKind = (typeof CALL_KINDS)[number];
export const KIND_MASK = 0b111;

/** Of a batch: the same slots as in the table's last batch, handed over in the same fill. */
export const SAME_SLOTS = 0b0_1000;
/** Of a read or write: every slot is present. */
export const ALL_PRESENT = 0b1_0000;
/** Of a read or write: every present value has the table's full width. */
export const FULL_LENGTHS = 0b10_0000;
/** Of a scan: limited to a group. */
export const WITH_GROUP = 0b0_1000;
/** Of a scan: its reader stopped before it ended. */
export const STOPPED = 0b1_0000;

const settings = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const tableSchema: z.ZodType<TableSpec> = z.strictObject({
  name: z.string(),
  kind: z.enum(['value', 'list']),
  keyBytes: z.int().min(4).multipleOf(4),
  groupBytes: z.int().nonnegative(),
  valueBytes: z.int().nonnegative(),
});

/** What a trace says of the run it comes from. */
export const headerSchema = z.strictObject({
  tables: z.array(tableSchema).min(1),
  workload: z.strictObject({ name: z.string(), settings }),
  seed: z.int().nonnegative(),
  batchSize: z.int().min(1),
  /** Where the run was to stop; null for the end of the stream. */
  eventsAsked: z.int().min(1).nullable(),
  /** Which store answered, and which version of statebench wrote it down: what a replay's own recording says otherwise. */
  provenance: z.strictObject({ statebench: z.string(), backend: z.strictObject({ name: z.string(), settings }) }),
});
export type TraceHeader = z.output<typeof headerSchema>;

/** What the end of a trace says of all of it. */
export const endSchema = z.strictObject({
  calls: z.int().nonnegative(),
  /** Slots of batches, and one for each scan and drop. */
  operations: z.int().nonnegative(),
  /** Events that the run processed. */
  events: z.int().nonnegative(),
  /** Whether the stream ended and every window fired; otherwise the run stopped amid it. */
  ended: z.boolean(),
});
export type TraceEnd = z.output<typeof endSchema>;
