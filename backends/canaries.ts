/**
 * Backends broken on purpose, each by one mistake that implementers really make, around a plain correct one. They prove
 * that the conformance suite can fail. Never measured, and of no use to anybody else.
 */
import { z } from 'zod';
import { brokenCheckpoints } from './conformance/broken-checkpoints.ts';
import { brokenTables } from './conformance/broken-tables.ts';
import { backendOf, type Canary, plain } from './conformance/plain-backend.ts';
import type { StateBackend } from './contract.ts';

/** Every canary by name. */
export const canaries: Readonly<Record<string, Canary>> = { ...brokenTables, ...brokenCheckpoints };

export const options = z.strictObject({
  canary: z.string().default('none').describe('Name of the mistake; none for the plain correct backend'),
});

/** @throws RangeError if no canary has this name. */
export default function canary({ canary: name }: z.output<typeof options>): StateBackend {
  if (name === 'none') return backendOf(name, plain);
  const found = canaries[name];
  if (found === undefined) throw new RangeError(`no canary is named '${name}'; there are ${Object.keys(canaries).join(', ')}`);
  return backendOf(name, { ...plain, ...found.mistake() });
}
