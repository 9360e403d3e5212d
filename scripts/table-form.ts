import path from 'node:path';
import { StatebenchError } from '../harness/errors.ts';
import { toCsv, toJson, toMarkdown } from '../reports/export.ts';
import type { Table } from '../reports/table.ts';

const FORMS: Readonly<Record<string, (table: Table) => string>> = { '.csv': toCsv, '.md': toMarkdown, '.json': toJson };

/**
 * How a table is written to a file of that name.
 * @param others endings that the command takes besides
 * @throws StatebenchError `bad-command-line` for any other ending
 */
export function tableForm(file: string, others: readonly string[]): (table: Table) => string {
  const ending = path.extname(file);
  const form = Object.hasOwn(FORMS, ending) ? FORMS[ending] : undefined;
  if (form !== undefined) return form;
  throw new StatebenchError('bad-command-line', `--to ${file}: the file's name ends in ${[...others, ...Object.keys(FORMS)].join(', ')}`);
}
