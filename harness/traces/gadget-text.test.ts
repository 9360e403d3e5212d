// Proves that Gadget's text form becomes the calls it means, in its order, also across pieces of the file; that a bad line is named
// by file and line and stops, or is counted where that is asked for; and that it can be described and replayed on real stores.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { StateBackend } from '../../backends/contract.ts';
import { create, loadBackend } from '../modules.ts';
import { openAnyTrace } from './open-trace.ts';
import { replayTrace } from './replay.ts';
import type { Trace } from './trace.ts';
import { traceStats } from './trace-stats.ts';

const folder = mkdtempSync(join(tmpdir(), 'statebench-gadget-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, 'latin1');
  return file;
}

async function callsOf(trace: Trace): Promise<string[]> {
  const calls: string[] = [];
  for await (const piece of trace.pieces()) {
    for (const { kind, table, batch, present, lengths, group, stopped, slots } of piece) {
      const key = batch.keys[0]!.toString('latin1').replace(/\0+$/, '');
      const value = kind === 'write' ? (present[0] === 1 ? ` ${lengths[0]}` : ' none') : '';
      const scan = kind === 'scan' ? ` ${group === null ? 'all' : 'its list'}${stopped ? ` ${slots}` : ''}` : '';
      calls.push(`${kind} ${trace.tables[table]!.kind} ${key}${value}${scan}`);
    }
  }
  return calls;
}

const GOOD = `1 get a
2 put a
3 merge b\r
4 get b
5 GET a

6 put b
7 get b
8 merge b
9 delete b
10 delete b
11 delete missing
12 scan a
12 next a
12 next
13 scan a
14 put \x80\x81-a-key-of-14
`;
const MEANT = [
  'read value a',
  'write value a 10',
  'append list b',
  'scan list b its list',
  'read value a',
  'remove list b',
  'write value b 10',
  'read value b',
  'append list b',
  'remove list b',
  'write value b none',
  'write value b none',
  'write value missing none',
  'scan value a all 2',
  'scan value a all 1',
  'write value \x80\x81-a-key-of-14 10',
];
const TEXT = { valueBytes: 10, skipBad: false };

test('every line is the calls it means', async (t) => {
  const trace = await openAnyTrace(write('good.txt', GOOD), TEXT);
  t.deepEqual(await callsOf(trace), MEANT);
  t.is(trace.end.calls, MEANT.length);
  t.deepEqual(
    trace.tables.map(({ keyBytes }) => keyBytes),
    [16, 16],
  );
  const stats = await traceStats(trace);
  t.is(stats.operations, MEANT.length);
  t.deepEqual(stats.tables[0]!.foundShare, null);
  t.is(stats.tables[0]!.distinctKeys, 5, 'a, b as value and as list, missing, and the one of bytes');
});

for (const [name, lines] of [
  ['memory', 40_000],
  ['rocksdb', 1500],
] as const) {
  test(`${lines} lines, in pieces of a file, on ${name}`, async (t) => {
    const verbs = ['put', 'get', 'merge', 'delete', 'get'];
    const text = Array.from({ length: lines }, (_, i) => `${i} ${verbs[(i * 7) % 5]} key-${(i * 31) % 97}\n`);
    const trace = await openAnyTrace(write(`${name}.txt`, text.join('')), TEXT);
    t.true(trace.end.calls >= lines);
    const backend = await create<StateBackend>(await loadBackend(name));
    const { calls } = await replayTrace({ trace, backend, directory: mkdtempSync(join(folder, 'state-')), verify: true });
    t.is(calls, trace.end.calls);
  });
}

for (const [line, problem] of [
  ['x get a', /'x' is no timestamp/],
  ['5', /it ends behind the timestamp/],
  ['5 gte a', /there is no 'gte'\. Did you mean 'get'\?/],
  ['5 get', /it has no key/],
  ['5 get a b', /it goes on behind the key/],
  ['5 next a', /a 'next' without a 'scan' before it/],
  [`5 put ${'k'.repeat(1025)}`, /a key of 1025 bytes; at most 1024/],
  ['5 put a\0b', /a zero byte in the key/],
] as const) {
  test(`a bad line stops, or is counted: ${JSON.stringify(line.slice(0, 20))}`, async (t) => {
    const file = write(`bad-${line.replace(/\W/g, '-').slice(0, 20)}.txt`, `1 put a\n\n${line}\n4 put c\n${line}\n`);
    const error = await t.throwsAsync(openAnyTrace(file, TEXT), { code: 'bad-data' });
    t.true(error?.message.startsWith(`${file}:3: `), error?.message);
    t.regex(error?.message ?? '', problem);
    const trace = await openAnyTrace(file, { ...TEXT, skipBad: true });
    t.is(trace.skippedLines, 2);
    t.deepEqual(await callsOf(trace), ['write value a 10', 'write value c 10']);
  });
}

test('a trace without operations, or that is not there', async (t) => {
  await t.throwsAsync(openAnyTrace(write('empty.txt', '\n'), TEXT), { code: 'bad-data', message: /no operations/ });
  await t.throwsAsync(openAnyTrace(join(folder, 'none.txt'), TEXT), { code: 'missing-data', message: /none\.txt/ });
});
