// Proves that CSV, Markdown and JSON say the same, that CSV reads back, that no cell is a formula, that no text breaks
// a table, and that summary.json fits its schema.
import test from 'ava';
import { cellTable } from './cell-table.ts';
import { toCsv, toJson, toMarkdown } from './export.ts';
import { inventResults, USUAL } from './fixtures.ts';
import { HOSTILE } from './hostile-text.ts';
import { plainText } from './plain-text.ts';
import { summarise } from './statistics/summary.ts';
import { summaryFile, summarySchema } from './summary-file.ts';

const results = inventResults(USUAL);
const table = cellTable(summarise(results.plan, results.trials));

/** A plain RFC 4180 reader. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? bare ?? '');
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

test('all three say the same', (t) => {
  const csv = parseCsv(toCsv(table));
  const json: Record<string, unknown>[] = JSON.parse(toJson(table));
  const markdown = toMarkdown(table).trimEnd().split('\n');
  t.is(csv.length, 14);
  t.is(json.length, 13);
  t.is(markdown.length, 15);
  for (const [i, row] of table.rows.entries()) {
    t.deepEqual(Object.values(json[i]!), [...row]);
    t.deepEqual(
      csv[i + 1],
      row.map((value) => (value === null ? '' : String(value))),
    );
  }
  t.is(json.find(({ backend }) => backend === 'flink:rocksdb')?.reason, 'checkpoint: the trial process died by SIGBUS (disk full?) (died)');
});

test('hostile text neither breaks a table nor becomes a formula', (t) => {
  const columns = [
    { key: 'a', title: 'A' },
    { key: 'b', title: 'B' },
  ];
  for (const text of HOSTILE) {
    const one = { columns, rows: [[text, 1]] };
    const [, row, ...more] = parseCsv(toCsv(one));
    t.is(more.length, 0, JSON.stringify(text));
    t.is(row?.length, 2, JSON.stringify(text));
    t.notRegex(row?.[0] ?? '', /^[=+\-@\t\r]/, JSON.stringify(text));
    t.true((row?.[0] ?? '').endsWith(plainText(text)), JSON.stringify(text));
    const lines = toMarkdown(one).trimEnd().split('\n');
    t.is(lines.length, 3, JSON.stringify(text));
    t.is(lines[2]!.replaceAll(/\\./g, '').split('|').length, 4, JSON.stringify(text));
    t.notRegex(lines[2]!, /<|(?<!\\)\[/, JSON.stringify(text));
    t.is(JSON.parse(toJson(one))[0].a, text);
  }
});

test('summary.json fits its schema and survives JSON', (t) => {
  const summary = summaryFile(results);
  t.deepEqual(summarySchema.parse(JSON.parse(JSON.stringify(summary))), summary);
  t.is(summary.groups[0]!.headline, 'memory');
  t.deepEqual(summary.groups[0]!.tiers?.[0], ['memory/flights-delays/filesystem/1024']);
});
