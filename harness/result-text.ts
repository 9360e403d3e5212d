import type { z } from 'zod';
import { StatebenchError } from './errors.ts';

/**
 * The text of a result file, checked with the schema that its reader uses, so that no file is written that cannot be read again.
 * @throws StatebenchError `harness`, naming the file, the field and what is wrong with it
 */
export function resultText(file: string, schema: z.ZodType, value: unknown): string {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  const { error } = schema.safeParse(JSON.parse(text));
  if (error === undefined) return text;
  throw new StatebenchError('harness', `cannot write ${file}, as it could not be read again: ${fieldAndProblem(error)}. Report this`);
}

/** The first field that a schema refuses, and what is wrong with it. */
export function fieldAndProblem({ issues }: z.ZodError): string {
  return `${issues[0]?.path.join('.')}: ${issues[0]?.message}`;
}
