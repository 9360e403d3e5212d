/** The part of a checkpoint that is not in the store: whose state it is, and where the pipeline and the sink stood. */
import { z } from 'zod';
import { CheckpointError, type StoredCheckpoint } from '../../backends/checkpoints/contract.ts';
import type { SavedPipeline } from '../pipeline/pipeline.ts';

/** Counts up when a position gets another meaning. */
export const POSITION_FORMAT = 2;

const whole = z.int().nonnegative();

const positionSchema = z.strictObject({
  format: z.literal(POSITION_FORMAT),
  /** The workload that the state is of. */
  workload: z.strictObject({ name: z.string(), settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])) }),
  /** The tables of the store. */
  tables: z
    .array(
      z.strictObject({
        name: z.string(),
        kind: z.enum(['value', 'list']),
        keyBytes: z.int().positive(),
        groupBytes: whole,
        valueBytes: whole,
      }),
    )
    .readonly(),
  /** Which key groups, `first` to `last` of `of`, the job holds; null if it holds them all. */
  keyGroups: z.strictObject({ first: whole, last: whole, of: z.int().positive() }).nullable(),
  pipeline: z.strictObject({
    events: whole,
    latestMs: z.number().nullable(),
    watermarkMs: z.number().nullable(),
    stages: z.array(z.strictObject({ open: z.record(z.string(), z.array(z.int()).readonly()), lateEvents: whole })).readonly(),
  }) satisfies z.ZodType<SavedPipeline>,
  sink: z.record(z.string(), z.unknown()),
});

export type Position = z.infer<typeof positionSchema>;

/**
 * What a verified checkpoint says of itself.
 * @throws CheckpointError `foreign` if it is of a later format, or not a job's.
 */
export function positionOf({ id, directory, position }: Pick<StoredCheckpoint, 'id' | 'directory' | 'position'>): Position {
  const where = `checkpoint ${id} in ${directory}`;
  const format = (position as { format?: unknown } | null)?.format;
  if (format !== POSITION_FORMAT) {
    throw new CheckpointError(
      'foreign',
      `${where} has a position of format ${String(format)}, and this Statebench reads format ${POSITION_FORMAT}: use the Statebench that made it`,
    );
  }
  const read = positionSchema.safeParse(position);
  const unknown = read.success ? tableNotThere(read.data) : null;
  if (read.success && unknown === null) return read.data;
  const why = read.success ? `it has windows in a table '${unknown}' that it has not` : z.prettifyError(read.error);
  throw new CheckpointError('foreign', `${where} was not made by a job of Statebench: ${why}`);
}

function tableNotThere({ tables, pipeline }: Position): string | null {
  const names = new Set(tables.map(({ name }) => name));
  return pipeline.stages.flatMap(({ open }) => Object.keys(open)).find((name) => !names.has(name)) ?? null;
}
