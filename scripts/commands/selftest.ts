/** `statebench selftest`: does the harness see what is wrong? Plants mistakes, a line each. */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { EXIT } from '../../harness/errors.ts';
import { makeScratch, removeScratch, sweepScratch } from '../../harness/scratch.ts';
import type { SelfCheck } from '../../harness/survival/self-check.ts';
import { SELF_CHECKS } from '../../harness/survival/selftest.ts';
import { print, say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { clockCheck } from '../selftest/clock-check.ts';
import { forgetfulCheck } from '../selftest/forgetful-check.ts';
import { hogCheck } from '../selftest/hog-check.ts';
import { quotaCheck } from '../selftest/quota-check.ts';
import { durabilityCheck, slowerCheck } from '../selftest/ranking-checks.ts';
import { killPlaceCheck } from '../selftest/recovery-check.ts';
import { stallCheck } from '../selftest/stall-check.ts';
import { listenForStop } from '../stop-signals.ts';

/** Rightness first, then what is measured. */
const checks: readonly SelfCheck[] = [
  ...SELF_CHECKS,
  forgetfulCheck,
  stallCheck,
  clockCheck,
  hogCheck,
  quotaCheck,
  slowerCheck,
  durabilityCheck,
  killPlaceCheck,
];

export function selftestCommand(finish: Finish): Command {
  return new Command('selftest')
    .description('does statebench see what is wrong? Plants mistakes, a line each; exit 1 if one is missed')
    .action(async () => {
      using stop = listenForStop();
      const { signal } = stop;
      sweepScratch(tmpdir());
      const root = makeScratch(tmpdir(), 'selftest');
      let missed = 0;
      try {
        for (const [index, check] of checks.entries()) {
          const { passed, seen } = await check.run({ directory: path.join(root, String(index)), signal });
          const interrupted = stop.exitCode();
          if (interrupted !== null) return finish(interrupted);
          if (!passed) missed++;
          print(`${passed ? 'ok    ' : 'MISSED'}  ${check.name}: ${seen}`);
        }
      } finally {
        removeScratch(root);
      }
      say(
        missed === 0
          ? `all ${checks.length} checks passed`
          : `${missed} of ${checks.length} checks missed: believe no result of this build`,
      );
      finish(missed === 0 ? EXIT.ok : EXIT.harnessFailure);
    });
}
