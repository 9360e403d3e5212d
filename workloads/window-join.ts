import { z } from 'zod';
import type { Gallery, Workload } from './contract.ts';
import { offset } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions, twoStreamOptions } from './sources/synthetic-options.ts';
import { sliding } from './windows/sliding.ts';
import { tumbling } from './windows/tumbling.ts';

export const description = 'Every pair of a left and a right event of a key and window of synthetic events.';

export const gallery: Gallery = {
  job: 'Ad views joined with the clicks of the same minutes.',
  operations: 'append to its side (window=sliding: n times); a window that fires: scan and drop both sides',
  stresses: 'Blind appends to two lists, and large scans when windows close: all events of both sides wait until then.',
};

export const options = z.strictObject({
  ...syntheticOptions,
  ...twoStreamOptions,
  window: z.enum(['tumbling', 'sliding']).default('tumbling').describe('in which windows the sides meet'),
  size: z.int().min(1).meta({ unit: 'ms' }).default(2_000).describe('window size; sliding: a multiple of the slide'),
  slide: z.int().min(1).meta({ unit: 'ms' }).default(1_000).describe('sliding: from one window start to the next'),
  offset,
});

/** @throws WorkloadError `impossible-settings` */
export default function windowJoin(settings: z.output<typeof options>): Workload {
  const { slide, ...others } = settings;
  const { window, size, offset: offsetMs, keyBytes } = settings;
  const isSliding = window === 'sliding';
  return {
    name: 'window-join',
    ...syntheticEvents(isSliding ? settings : others, size, settings),
    stages: [
      {
        kind: 'window-join',
        keyPrefixBytes: keyBytes,
        inputWidth: eventWidth(settings),
        window: isSliding ? sliding(size, slide, false, offsetMs) : tumbling(size, offsetMs),
      },
    ],
  };
}
