/** `statebench conformance`: every rule of the backend contract tried on one backend, a line a check. */
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { backendFrom, conformanceChecks } from '../../backends/conformance.ts';
import { checkIsStore } from '../../harness/engine.ts';
import { EXIT, messageOf } from '../../harness/errors.ts';
import { loadBackend } from '../../harness/modules.ts';
import { makeScratch, removeScratch, sweepScratch } from '../../harness/scratch.ts';
import { parseOptions, parseSpec } from '../../harness/spec.ts';
import { print, printJson, say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { startServerFor } from '../servers/for-backend.ts';

interface Flags {
  readonly json?: boolean;
}

interface CheckResult {
  readonly check: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** What was seen instead; null if it passed. */
  readonly seen: string | null;
}

export function conformanceCommand(finish: Finish): Command {
  return new Command('conformance')
    .description('does a backend keep the contract? One line a check; exit 3 if it does not')
    .argument('<backend>', 'the path of your module, or a built-in')
    .argument('[options...]', 'its options, k=v')
    .option('--json', 'one JSON document on stdout')
    .action(async (name: string, options: readonly string[], { json }: Flags) => {
      const spec = parseSpec(name);
      const given = [...spec.options, ...options.flatMap((text) => parseOptions(text, text))];
      const wanted = await loadBackend({ ...spec, options: given });
      checkIsStore(wanted, 'the contract is that of a store');
      await using started = await startServerFor(wanted);
      const { module: backend } = started;
      // Rather now than as the failure of every check.
      backend.create();
      const create = backendFrom(pathToFileURL(backend.file), backend.options);
      const results: CheckResult[] = [];
      // Whatever the checks make goes where it is found again should this process be killed.
      sweepScratch(tmpdir());
      const scratch = makeScratch(tmpdir(), 'conformance');
      process.env.TMPDIR = scratch;
      for (const check of conformanceChecks) {
        const start = performance.now();
        const seen = await check.run(create).then(() => null, messageOf);
        const seconds = (performance.now() - start) / 1000;
        results.push({ check: check.name, passed: seen === null, seconds, seen });
        if (!json) print(`${seen === null ? 'ok    ' : 'BROKEN'}  ${check.name}  (${seconds.toFixed(2)} s)`);
        if (!json && seen !== null) say(indented(seen));
      }
      removeScratch(scratch);
      const broken = results.filter(({ passed }) => !passed).length;
      if (json) printJson({ backend: backend.name, checks: results });
      say(
        broken === 0
          ? `${backend.name} keeps the contract: ${results.length} checks passed`
          : `${backend.name} breaks ${broken} of ${results.length} checks`,
      );
      finish(broken === 0 ? EXIT.ok : EXIT.backendFailed);
    });
}

function indented(text: string): string {
  return text.replace(/^/gm, '        ');
}
