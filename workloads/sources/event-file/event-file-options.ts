/** The options that name a data file and say how it is read. */
import { z } from 'zod';
import { TIME_UNITS, type TimeUnit } from './cells.ts';
import { SEPARATORS, type Separator } from './csv-events.ts';
import { DECIMALS_MAX, EVENTS_MAX, KEY_BYTES_MAX } from './event-packer.ts';

const column = z.string().min(1);

export const eventFileOptions = {
  file: z.string().min(1).describe('a CSV file with a header, or a Parquet file; its order is that in which events arrive'),
  time: column.describe('column of the event time: ISO 8601, without a zone in UTC, or a whole number since 1970 (timeUnit)'),
  key: column.describe('column of the key: any text or number'),
  value: z.string().default('').describe('column of the value, a number; without it every event has the value 1'),
  timeUnit: z
    .enum(Object.keys(TIME_UNITS) as [TimeUnit, ...TimeUnit[]])
    .default('ms')
    .describe('what a time that is a whole number counts'),
  decimals: z
    .int()
    .min(0)
    .max(DECIMALS_MAX)
    .default(0)
    .describe('decimals of the values, which then count units of the last one (2: cents) and add up exactly; 0: values as they are'),
  separator: z
    .enum(Object.keys(SEPARATORS) as [Separator, ...Separator[]])
    .default('comma')
    .describe('CSV: what is between fields'),
  keyBytes: z
    .int()
    .min(0)
    .max(KEY_BYTES_MAX)
    .multipleOf(4)
    .default(0)
    .describe('bytes of a key, a multiple of 4, of which zero bytes fill the rest; 0: as many as the longest key needs'),
  skipBad: z.boolean().default(false).describe('pass over rows that cannot be read, and say how many'),
  limit: z.int().min(1).max(EVENTS_MAX).default(EVENTS_MAX).describe('the first so many events of the file'),
  repeat: z.int().min(1).max(100_000).default(1).describe('how often they are played, each time moved on by whole days'),
  sha256: z
    .string()
    .regex(/^([0-9a-f]{64})?$/)
    .default('')
    .describe("what the file's SHA-256 must be, 64 hexadecimal digits; empty: any, and that of the moment is kept in the results"),
};
