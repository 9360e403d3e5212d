// Proves that a row file gives back what was written, and that every cut, turned bit, lost, doubled or added chunk is detected.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { encodeWindow, type TableSpec } from '../contract.ts';
import { RowFileWriter, readRowFile } from './row-file.ts';

const TABLES: readonly TableSpec[] = [
  { name: 'sums', kind: 'value', keyBytes: 4, groupBytes: 0, valueBytes: 16 },
  { name: 'elements', kind: 'list', keyBytes: 8, groupBytes: 0, valueBytes: 4 },
];
// Tables are numbered by name: 0 elements, 1 sums.
const ELEMENT = Buffer.concat([encodeWindow(-1), Buffer.from('keykeyke'), Buffer.alloc(8, 1)]);
const SUM = Buffer.concat([encodeWindow(7), Buffer.from('abcd')]);

async function withDirectory<T>(run: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'row-file-'));
  try {
    return await run(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function readAll(path: string): Promise<string[]> {
  const rows: string[] = [];
  for await (const chunk of readRowFile(path, TABLES)) {
    for (const { address, value } of chunk.rows) rows.push(`${chunk.table} ${address.toString('hex')} ${value.toString('hex')}`);
  }
  return rows;
}

test('rows come back in the order written, over many chunks, with values of any length', async (t) => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'rows');
    const writer = await RowFileWriter.create(path);
    const written: string[] = [];
    for (let i = 0; i < 30_000; i++) {
      const table = i % 10_000 < 3 ? 0 : 1;
      const address = Buffer.from(table === 0 ? ELEMENT : SUM);
      address.writeUInt32BE(i, 8);
      const value = Buffer.alloc(16, i);
      const valueBytes = table === 0 ? 4 : i % 17;
      const pending = writer.add(table, address, value, valueBytes);
      written.push(`${table} ${address.toString('hex')} ${value.toString('hex', 0, valueBytes)}`);
      if (pending) await pending;
    }
    await writer.close();
    t.deepEqual(await readAll(path), written);
  });
});

test('an empty file of rows is whole, and a file is never overwritten', async (t) => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'rows');
    await (await RowFileWriter.create(path)).close();
    t.deepEqual(await readAll(path), []);
    await t.throwsAsync(RowFileWriter.create(path), { code: 'EEXIST' });
    await t.throwsAsync(readAll(join(directory, 'nothing')), { code: 'damaged' });
  });
});

test('every truncation, turned bit and misplaced chunk is damage', async (t) => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'rows');
    const writer = await RowFileWriter.create(path);
    await writer.add(0, ELEMENT, Buffer.from('1234'));
    await writer.add(1, SUM, Buffer.alloc(0));
    await writer.add(1, SUM, Buffer.from('0123456789abcdef'));
    await writer.close();
    const whole = await readFile(path);
    t.is((await readAll(path)).length, 3);
    const damages = [
      ...Array.from(whole, (_, length) => whole.subarray(0, length)),
      ...Array.from(whole, (byte, at) => Buffer.concat([whole.subarray(0, at), Buffer.of(byte ^ (1 << (at % 8))), whole.subarray(at + 1)])),
      Buffer.concat([whole, Buffer.of(0)]),
    ];
    const first = 18 + 16 + 4 + 24 + 4; // the magic and the chunk with the one element
    const head = whole.subarray(18, first);
    damages.push(Buffer.concat([whole.subarray(0, first), head, whole.subarray(first)]));
    damages.push(Buffer.concat([whole.subarray(0, 18), whole.subarray(first)]));
    for (const [which, bytes] of damages.entries()) {
      await writeFile(path, bytes);
      await t.throwsAsync(readAll(path), { code: 'damaged' }, `damage ${which} of ${damages.length}`);
    }
  });
});

test('rows of other widths than the table are damage', async (t) => {
  await withDirectory(async (directory) => {
    for (const [name, table, address, value] of [
      ['short address', 1, SUM.subarray(1), Buffer.alloc(0)],
      ['wide value', 1, SUM, Buffer.alloc(17)],
      ['short element', 0, ELEMENT, Buffer.alloc(3)],
      ['unknown table', 2, SUM, Buffer.alloc(0)],
    ] as const) {
      const path = join(directory, name);
      const writer = await RowFileWriter.create(path);
      await writer.add(table, address, value);
      await writer.close();
      await t.throwsAsync(readAll(path), { code: 'damaged' }, name);
    }
  });
});
