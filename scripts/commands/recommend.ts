/** `statebench recommend`: which backend to take, for needs that are named. */
import { Command } from 'commander';
import { EXIT, StatebenchError, suggestion } from '../../harness/errors.ts';
import { readMicro, readResults } from '../../reports/read-results.ts';
import { inputRateOf, intervalOf } from '../../reports/recommend/circumstances.ts';
import { NEED_NAMES, NeedError, type Needs, NO_NEEDS, withNeed } from '../../reports/recommend/needs.ts';
import { recommendationsOf, recommendJson, recommendText } from '../../reports/recommendation-text.ts';
import { type Circumstances, USUAL_CIRCUMSTANCES } from '../../reports/recovery-model.ts';
import { terminalOptions } from '../../reports/terminal.ts';
import { print, printJson, wrapped } from '../console.ts';
import type { Finish } from '../finish.ts';
import { gathered } from '../flags.ts';

const EXAMPLES = `
A need is a figure, a sign and a limit with its unit:
  --need 'p99<=20ms'  --need 'throughput>=50000'  --need 'rss<=1GB'
  --need 'durability>=process-crash'  the working state itself survives SIGKILL
  --need servers=no                   only stores that are no server
A need on recovery is the time to caught up after a crash, at worst over the checkpoint interval:
  --need 'recovery<=10s' --checkpoint-interval 1min --input-rate 50k
${wrapped(`Figures: ${NEED_NAMES.join(', ')}.`, 2)}
`;

interface Flags {
  readonly need?: readonly string[];
  readonly checkpointInterval?: string;
  readonly inputRate?: string;
  readonly plain?: boolean;
  readonly json?: boolean;
}

export function recommendCommand(finish: Finish): Command {
  return new Command('recommend')
    .description('which backend to take: of those that meet the needs the fastest, and what would change that')
    .argument('<folder>', 'what a run wrote')
    .option('--need <need>', "what it has to do, such as 'p99<=20ms'; may be repeated", gathered)
    .option('--checkpoint-interval <duration>', 'interval between checkpoints for which recovery is predicted; default: 1min')
    .option('--input-rate <rate>', 'events per second of input for which recovery is predicted, such as 50k')
    .option('--plain', 'without colours and without characters beyond ASCII')
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string, { need = [], checkpointInterval, inputRate, plain, json }: Flags) => {
      const needs = needsOf(need);
      const circumstances = circumstancesOf({ checkpointInterval, inputRate });
      const recommendations = recommendationsOf(await readResults(folder), needs, await readMicro(folder), circumstances);
      if (json) printJson(recommendJson(recommendations));
      else {
        const terminal = terminalOptions(process.env, process.stdout.columns, process.stdout.isTTY === true);
        print(recommendText(recommendations, plain ? { ...terminal, color: false, unicode: false } : terminal).trimEnd());
      }
      finish(EXIT.ok);
    });
}

/** @throws StatebenchError `bad-value` that names the flag and what it takes */
export function circumstancesOf(flags: {
  readonly checkpointInterval?: string | undefined;
  readonly inputRate?: string | undefined;
}): Circumstances {
  const read = (flag: string, text: string, by: (text: string) => number): number => {
    try {
      return by(text);
    } catch (error) {
      if (!(error instanceof NeedError)) throw error;
      throw new StatebenchError('bad-value', `${flag}: ${error.message}`, {});
    }
  };
  const { checkpointInterval, inputRate } = flags;
  return {
    intervalMs:
      checkpointInterval === undefined ? USUAL_CIRCUMSTANCES.intervalMs : read('--checkpoint-interval', checkpointInterval, intervalOf),
    inputRate: inputRate === undefined ? null : read('--input-rate', inputRate, inputRateOf),
  };
}

/** @throws StatebenchError `bad-value` with the nearest right word */
export function needsOf(texts: readonly string[]): Needs {
  return texts.reduce((needs, text) => {
    try {
      return withNeed(needs, text);
    } catch (error) {
      if (!(error instanceof NeedError)) throw error;
      const near = error.word === null ? '' : suggestion(error.word, error.known);
      throw new StatebenchError('bad-value', `--need: ${error.message}${near}`, {});
    }
  }, NO_NEEDS);
}
