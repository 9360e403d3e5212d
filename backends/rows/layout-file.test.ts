// Proves that a layout tells other tables and backends (wrong-layout) from a file that is not whole (damaged).
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { TableSpec } from '../contract.ts';
import { verifyLayout, writeLayout } from './layout-file.ts';

const TABLES: readonly TableSpec[] = [
  { name: 'sums', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 32 },
  { name: 'elements', kind: 'list', keyBytes: 8, groupBytes: 4, valueBytes: 8 },
];

test('a layout is told from others, and from damage', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'layout-'));
  try {
    const { path } = await writeLayout(directory, { backend: 'lmdb', tables: TABLES, sequences: { elements: 2 ** 40 }, files: {} });
    const held = await verifyLayout(directory, 'lmdb', [...TABLES].reverse());
    t.deepEqual(held.sequences, { elements: 2 ** 40 });
    t.deepEqual(
      held.tables.map(({ name }) => name),
      ['elements', 'sums'],
    );

    await t.throwsAsync(verifyLayout(directory, 'level', TABLES), { code: 'wrong-layout', message: /made by 'lmdb'/ });
    const others = [TABLES.slice(1), [...TABLES, { ...TABLES[0]!, name: 'more' }], [{ ...TABLES[0]!, valueBytes: 33 }, TABLES[1]!]];
    for (const tables of others) await t.throwsAsync(verifyLayout(directory, 'lmdb', tables), { code: 'wrong-layout' });

    const whole = await readFile(join(directory, path), 'utf8');
    for (const text of [
      '',
      '{}',
      'null',
      whole.slice(0, -3),
      whole.replace('"format": 1', '"format": 2'),
      whole.replace('elements": 1', 'x": 1'),
    ]) {
      await writeFile(join(directory, path), text);
      await t.throwsAsync(verifyLayout(directory, 'lmdb', TABLES), { code: 'damaged' }, text);
    }
    await rm(join(directory, path));
    await t.throwsAsync(verifyLayout(directory, 'lmdb', TABLES), { code: 'damaged' });
  } finally {
    await rm(directory, { recursive: true });
  }
});
