/** `statebench schema`: JSON Schemas of what is read and written. */
import { Argument, Command } from 'commander';
import { z } from 'zod';
import { EXIT } from '../../harness/errors.ts';
import { microSchema, trialSchema } from '../../harness/results.ts';
import { suiteSchema } from '../../harness/suite.ts';
import { printJson } from '../console.ts';
import type { Finish } from '../finish.ts';

const SCHEMAS = { result: trialSchema, suite: suiteSchema, micro: microSchema };

export function schemaCommand(finish: Finish): Command {
  return new Command('schema')
    .description('JSON Schema of a line of trials.ndjson (result), of a suite or of micro.json, on stdout')
    .addArgument(new Argument('<of>').choices(Object.keys(SCHEMAS)))
    .action((of: keyof typeof SCHEMAS) => {
      printJson(z.toJSONSchema(SCHEMAS[of], { io: 'input' }));
      finish(EXIT.ok);
    });
}
