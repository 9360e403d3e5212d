/** Results full of hostile text, for tests only. Product code never imports this. */
import type { Cell } from '../harness/results.ts';
import { inventResults, PROFILES, USUAL } from './fixtures.ts';
import type { Results } from './read-results.ts';

/** Results whose backends are named by `texts`, one each, and whose every other text is all of them together. */
export function spoilt(texts: readonly string[]): Results {
  const { plan, environment, trials } = inventResults({
    ...USUAL,
    backends: texts.length,
    profile: PROFILES.quick,
    failing: ['lmdb', 'level'],
    wrong: ['redis'],
  });
  const all = texts.join(' ');
  const named = { name: all, settings: { [all]: all } };
  const names = new Map(plan.cells.map(({ backend }, i) => [backend.name, texts[i] ?? backend.name]));
  const backend = (original: Cell['backend']) => ({ ...original, name: names.get(original.name)!, settings: named.settings });
  const id = (original: string) => `${original} ${all}`;
  return {
    plan: {
      ...plan,
      suite: all,
      command: all,
      reference: all,
      cells: plan.cells.map((cell) => ({ ...cell, id: id(cell.id), backend: backend(cell.backend), workload: named, storage: named })),
      leftOut: texts.map((text) => ({ backend: text, reason: text, missed: true })),
    },
    environment: {
      ...environment,
      statebench: all,
      node: all,
      platform: all,
      kernel: all,
      cpu: all,
      fileSystem: all,
      fsyncMs: null,
      unavailable: { fsyncMs: all, [all]: all },
    },
    trials: trials.map((trial) => {
      const base = { ...trial, id: id(trial.id), cell: id(trial.cell), backend: backend(trial.backend), workload: named, storage: named };
      return base.state === 'failed' ? { ...base, code: all, message: all } : { ...base, unavailable: { [all]: all } };
    }),
    tornLines: 1,
  };
}
