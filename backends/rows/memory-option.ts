import { z } from 'zod';

const LEAST_BYTES = 1 << 20;

/**
 * The option `memoryBytes`, by which a run gives every backend the same budget. What else it sets by default is the backend's to
 * say; what is in force stands in its settings.
 * @param spent what the backend does with it
 */
export function memoryOption(spent: string) {
  return z.int().min(LEAST_BYTES).optional().describe(`Budget of memory in bytes: ${spent}`);
}

/** A size in bytes that has a default of its own, `usual`, unless there is a budget that it follows from. */
export function sizeOption(least: number, usual: number, description: string) {
  return z.int().min(least).optional().meta({ default: usual, description });
}
