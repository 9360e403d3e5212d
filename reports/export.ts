import { plainText } from './plain-text.ts';
import type { Table, Value } from './table.ts';

/** A spreadsheet takes a cell that begins so for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** RFC 4180 with a header of keys. Text that a spreadsheet would run as a formula gets a leading apostrophe; nothing is an empty cell. */
export function toCsv({ columns, rows }: Table): string {
  const line = (values: readonly Value[]) => values.map(csvCell).join(',');
  return `${[columns.map(({ key }) => key), ...rows].map(line).join('\r\n')}\r\n`;
}

function csvCell(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  // Judged before and after clean-up: neither a control in front nor its removal may make a formula.
  const text = plainText(value);
  const safe = FORMULA.test(text) || FORMULA.test(value) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A GitHub-flavoured table with readable titles. Text of results can neither end a cell nor become markup. */
export function toMarkdown({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const isNumber = columns.map((_, i) => rows.every((row) => row[i] === null || typeof row[i] === 'number'));
  return `${[line(columns.map(({ title }) => markdownCell(title))), line(isNumber.map((right) => (right ? '--:' : '---'))), ...rows.map((row) => line(row.map(markdownCell)))].join('\n')}\n`;
}

function markdownCell(value: Value): string {
  if (value === null) return '–';
  if (typeof value === 'number') return String(value);
  return plainText(value)
    .replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]!)
    .replace(/[\\`*_{}[\]()#!|~]/g, '\\$&');
}

/** A list of objects by key; what was not measured is null. */
export function toJson({ columns, rows }: Table): string {
  return `${JSON.stringify(
    rows.map((row) => Object.fromEntries(columns.map(({ key }, i) => [key, row[i] ?? null]))),
    null,
    2,
  )}\n`;
}
