import type { z } from 'zod';
import type { Gallery, Workload } from './contract.ts';
import tumblingIncremental, { options as tumblingOptions } from './tumbling-incremental.ts';

export const options = tumblingOptions;

export const description = 'The workload tumbling-incremental, named for the state sizes, keys, skew and disorder that you set.';

export const gallery: Gallery = {
  job: 'Your own, where it keeps one record a key and window: set what you know of its keys and events.',
  operations: 'read S, write S; a window that fires: scan, drop',
  stresses: 'What you choose: keys from 1,000 to 10,000,000 are the axis along which stores are compared.',
};

/** @throws WorkloadError `impossible-settings` */
export default function synthetic(settings: z.output<typeof options>): Workload {
  return { ...tumblingIncremental(settings), name: 'synthetic' };
}
