/**
 * Backends broken on purpose, each by one mistake that implementers really make, around a plain correct one. They prove
 * that the conformance suite can fail. Never measured, and of no use to anybody else.
 */
import { z } from 'zod';
import { brokenCheckpoints } from './conformance/broken-checkpoints.ts';
import { brokenTables } from './conformance/broken-tables.ts';
import { slowedStore, stallingStore } from './conformance/idling-store.ts';
import { backendOf, type Canary, plain } from './conformance/plain-backend.ts';
import type { StateBackend, StateStore } from './contract.ts';

/** Every canary by name. */
export const canaries: Readonly<Record<string, Canary>> = { ...brokenTables, ...brokenCheckpoints };

export const options = z.strictObject({
  canary: z.string().default('none').describe('Name of the mistake; none for the plain correct backend'),
  slowed: z.number().min(0).lt(1).default(0).describe('By which part of its rate it is slower than it could be'),
  stallMs: z.number().min(0).default(0).describe('How long it stands still once, in ms'),
  stallAtWrite: z.int().min(1).default(1).describe('Before which write it stands still'),
  durability: z.enum(['volatile', 'process-crash', 'os-crash']).default('volatile').describe('What it says that its state survives'),
});

/** @throws RangeError if no canary has this name. */
export default function canary({ canary: name, slowed, stallMs, stallAtWrite, durability }: z.output<typeof options>): StateBackend {
  const backend = mistaken(name);
  const idling = (store: StateStore): StateStore => stallingStore(slowedStore(store, slowed), stallAtWrite, stallMs);
  return {
    ...backend,
    durability,
    settings: { ...backend.settings, ...(slowed > 0 && { slowed }), ...(stallMs > 0 && { stallMs, stallAtWrite }) },
    open: async (request) => idling(await backend.open(request)),
    restore: async (request) => idling(await backend.restore(request)),
  };
}

function mistaken(name: string): StateBackend {
  if (name === 'none') return backendOf(name, plain);
  const found = canaries[name];
  if (found === undefined) throw new RangeError(`no canary is named '${name}'; there are ${Object.keys(canaries).join(', ')}`);
  return backendOf(name, { ...plain, ...found.mistake() });
}
