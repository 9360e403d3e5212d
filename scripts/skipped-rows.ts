import type { Configured } from '../harness/modules.ts';

/** A line for each workload that passed over rows of its file, as its settings tell. */
export function skippedRows(workloads: readonly Pick<Configured, 'name' | 'settings'>[]): readonly string[] {
  return workloads.flatMap(({ name, settings: { skipped, file } }) =>
    typeof skipped === 'number' && skipped > 0 ? [`${name} passes over ${skipped} bad row${skipped === 1 ? '' : 's'} of ${file}`] : [],
  );
}
