/**
 * What every backend must pass, ours or a stranger's. A backend proves itself in three lines:
 *
 *     import test from 'ava'; // or node:test, or any function that takes a title and a function
 *     import { backendFrom, conformance } from 'statebench/conformance';
 *     conformance(test, backendFrom(import.meta.resolve('./my-backend.js'), { cacheBytes: 1e6 }));
 */
import { batchChecks } from './conformance/batches.ts';
import { chainChecks } from './conformance/chains.ts';
import type { ConformanceCheck } from './conformance/check.ts';
import { checkpointChecks } from './conformance/checkpoints.ts';
import { killedChecks } from './conformance/killed.ts';
import { listChecks } from './conformance/lists.ts';
import { randomChecks } from './conformance/random.ts';
import { type CreateBackend, isBackendSource } from './conformance/subject.ts';
import { valueChecks } from './conformance/values.ts';

export type { ConformanceCheck } from './conformance/check.ts';
export { type BackendSource, backendFrom, type CreateBackend } from './conformance/subject.ts';

/** As much of a test runner as is needed. ava's `test` and `test.serial` fit, and so do node:test's and tape's. */
export type TestFunction = (title: string, run: (t: object) => Promise<void>) => unknown;

/** Every check by name, for whoever runs them without a test runner. */
export const conformanceChecks: readonly ConformanceCheck[] = [
  ...valueChecks,
  ...listChecks,
  ...batchChecks,
  ...checkpointChecks,
  ...chainChecks,
  ...randomChecks,
  ...killedChecks,
];

/**
 * Registers every check as a test. The checks that kill a process need `create` to come from {@link backendFrom}; with
 * any other function they are registered under a title that says that they were not tried.
 */
export function conformance(test: TestFunction, create: CreateBackend): void {
  for (const { name, run } of conformanceChecks) {
    const tried = isBackendSource(create) || !killedChecks.some((check) => check.name === name);
    test(tried ? name : `${name} (NOT TRIED: needs backendFrom)`, async (t) => {
      if (tried) await run(create);
      // ava holds a test without an assertion of its own for a mistake.
      if ('pass' in t && typeof t.pass === 'function') t.pass();
    });
  }
}
