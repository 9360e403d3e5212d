import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { OwnCost } from './own-cost.ts';
import type { PipelineRate, Shape } from './pipeline-rate.ts';

/** One measurement in a process of its own, so that no other has warmed or spoilt its code. */
export interface Run extends Shape {
  /** `rate`: {@link PipelineRate}; `own-cost`: {@link OwnCost}. */
  readonly kind: 'rate' | 'own-cost';
  /** A backend's spec, or the yardstick's name. */
  readonly backend: string;
  readonly workload: string;
}

interface Results {
  readonly rate: PipelineRate;
  readonly 'own-cost': OwnCost;
}

const PROGRAM = fileURLToPath(new URL('one-run.js', import.meta.url));

/** Measures each run once a round, one after the other. */
export async function inTurn<Kind extends Run['kind']>(
  rounds: number,
  runs: readonly (Run & { readonly kind: Kind })[],
): Promise<Results[Kind][][]> {
  const results: Results[Kind][][] = [];
  for (let round = 0; round < rounds; round++) {
    const row: Results[Kind][] = [];
    for (const run of runs) {
      const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=8192', PROGRAM, JSON.stringify(run)]);
      row.push(JSON.parse(stdout) as Results[Kind]);
    }
    results.push(row);
  }
  return results;
}
