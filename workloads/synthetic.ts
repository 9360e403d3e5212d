import type { z } from 'zod';
import type { Workload } from './contract.ts';
import tumblingIncremental, { options as tumblingOptions } from './tumbling-incremental.ts';

export const options = tumblingOptions;

export const description =
  'The workload tumbling-incremental, named for the state sizes, keys, skew and disorder that you set: the axis along which stores are compared.';

/** @throws WorkloadError `impossible-settings` */
export default function synthetic(settings: z.output<typeof options>): Workload {
  return { ...tumblingIncremental(settings), name: 'synthetic' };
}
