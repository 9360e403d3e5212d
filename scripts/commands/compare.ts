/** `statebench compare`: what changed from one run to another, and whether that is beyond a limit. */
import { Command } from 'commander';
import { compareRuns } from '../../reports/comparison/compare-runs.ts';
import { readRun } from '../baselines.ts';
import { comparisonExit, comparisonWriter, type GateFlags, gatesOf, sayComparison } from '../comparing.ts';
import { printJson } from '../console.ts';
import type { Finish } from '../finish.ts';
import { gathered } from '../flags.ts';

interface Flags extends GateFlags {
  readonly forceMixed?: boolean;
  readonly json?: boolean;
  readonly to?: readonly string[];
}

export const FAIL_ON = "a limit that ends in exit 4 where the whole interval lies beyond it: 'throughput<-5%'; may be repeated";

export function compareCommand(finish: Finish): Command {
  return new Command('compare')
    .description('compare run B with run A: what differs beside the figures, verdicts, gates')
    .argument('<A>', 'a results folder, or the name of a baseline')
    .argument('<B>', 'another, compared with it')
    .option('--fail-on <limit>', FAIL_ON, gathered)
    .option('--strict', 'exit 5 where the data are too noisy or too few to tell')
    .option('--force-mixed', 'show runs of other work, seeds or durability side by side all the same, under a banner')
    .option('--to <file>', 'also write it as a page (.html) or a table (.csv, .md, .json); may be repeated', gathered)
    .option('--json', 'one JSON document on stdout')
    .action(async (a: string, b: string, flags: Flags) => {
      const gates = gatesOf(flags);
      const write = comparisonWriter(flags.to ?? []);
      const runs = [await readRun(a, 'A'), await readRun(b, 'B')] as const;
      const compared = compareRuns(...runs, { gates, forceMixed: flags.forceMixed === true });
      if (flags.json) printJson(compared);
      sayComparison(compared);
      await write(compared);
      finish(comparisonExit(compared, flags));
    });
}
