import type { MicroResults } from '../harness/results.ts';
import { inventResults, USUAL } from './fixtures.ts';

const usual = inventResults(USUAL);

/** What the micro-suite might have found, for tests: each backend is `factor` times the one before it in every block, and all drift by the block. */
export function inventMicro(
  blocks: number,
  factor: number,
  names: readonly string[] = ['memory', 'rocksdb'],
  operations: readonly string[] = ['valueGet', 'listAddAllTtl'],
): MicroResults {
  return {
    schema: 1,
    command: 'npx statebench micro',
    startedAt: usual.plan.startedAt,
    seed: 1,
    environment: usual.environment,
    settings: { keys: 1000, keyBytes: 8, valueBytes: 8, batchSizes: [1, 1024], blocks, timeMs: 100, warmUpMs: 50 },
    operations: operations.map((name) => ({ name, description: `does ${name}` })),
    backends: names.map((name) => ({ name, settings: {}, durability: 'volatile' })),
    leftOut: [{ backend: 'redis', reason: 'no server', missed: true }],
    measurements: operations.flatMap((operation) =>
      [1, 1024].flatMap((batchSize) =>
        names.flatMap((backend, i) =>
          Array.from({ length: blocks }, (_, block) => {
            const operationsPerSecond = 1_000_000 * factor ** i * (1 + block) * (1 + 0.01 * ((i * 7 + block * 3) % 5));
            return {
              backend,
              block: block + 1,
              operation,
              batchSize,
              operationsPerBatch: batchSize,
              operations: 1000,
              measuredSeconds: 1000 / operationsPerSecond,
              operationsPerSecond,
              batchP50Ms: (batchSize * 1000) / operationsPerSecond,
            };
          }),
        ),
      ),
    ),
    failures: [{ backend: names[1]!, block: 1, operations: ['mapGet'], code: 'wrong', message: 'it found 1 entry' }],
    complete: true,
  };
}
