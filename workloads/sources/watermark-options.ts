/** The options of a workload's watermark. */
import { z } from 'zod';
import type { WatermarkSpec } from '../contract.ts';

const MOST = 2 ** 31;

export const watermarkOptions = {
  delay: z.int().min(0).max(MOST).meta({ unit: 'ms' }).default(0).describe('watermark delay'),
  watermarkEvery: z.int().min(1).max(MOST).default(1_000).describe('events from one watermark to the next'),
};

export function watermarkOf({ delay, watermarkEvery }: z.output<z.ZodObject<typeof watermarkOptions>>): WatermarkSpec {
  return { delayMs: delay, everyEvents: watermarkEvery };
}
