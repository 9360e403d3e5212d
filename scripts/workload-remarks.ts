import path from 'node:path';
import { builtInFile, type Configured, type ModuleRef } from '../harness/modules.ts';

/** What somebody who named a workload should know of it, a line each: rows passed over, options that nothing follows from. */
export function workloadRemarks({ name, file, options }: ModuleRef, settings: Configured['settings']): readonly string[] {
  const { skipped, file: data } = settings;
  const remarks: string[] = [];
  if (typeof skipped === 'number' && skipped > 0)
    remarks.push(`${name} passes over ${skipped} bad row${skipped === 1 ? '' : 's'} of ${data}`);
  // Built-in workloads have among their settings what matters, and nothing else; of others nobody knows.
  const isBuiltIn = path.dirname(file) === path.dirname(builtInFile('workload', 'any'));
  const idle = isBuiltIn ? Object.keys(options).filter((option) => !Object.hasOwn(settings, option)) : [];
  if (idle.length > 0) {
    remarks.push(`${name}: ${idle.join(', ')} ${idle.length === 1 ? 'has' : 'have'} no effect beside the other options`);
  }
  return remarks;
}
