// Proves that a file comes back as it was at the cut, that other bytes are damage, and that a failing target is not.
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { copyChecked, copyFirstBytes } from './checked-copy.ts';

test('a file is copied up to the cut and checked on the way back', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'checked-copy-'));
  try {
    const [working, kept, back] = ['working', 'kept', 'back'].map((name) => join(directory, name)) as [string, string, string];
    const bytes = Buffer.alloc(3_000_000, 'state');
    await writeFile(working, Buffer.concat([bytes, Buffer.from('later')]));
    const head = Buffer.from('as it was');
    const check = await copyFirstBytes(working, kept, bytes.length, head);
    await copyChecked(kept, back, check);
    t.true((await readFile(back)).equals(Buffer.concat([head, bytes.subarray(head.length)])));

    await t.throwsAsync(copyChecked(kept, back, check), { code: 'EEXIST' });
    await t.throwsAsync(copyChecked(kept, join(directory, 'a'), undefined), { code: 'damaged' });
    await t.throwsAsync(copyChecked(join(directory, 'nothing'), join(directory, 'b'), check), { code: 'damaged' });
    const turned = await readFile(kept);
    turned[2_999_999]! ^= 1;
    await writeFile(kept, turned);
    await t.throwsAsync(copyChecked(kept, join(directory, 'c'), check), { code: 'damaged', message: /checksum/ });
    await appendFile(kept, 'x');
    await t.throwsAsync(copyChecked(kept, join(directory, 'd'), check), { code: 'damaged', message: /3000001 bytes/ });
    await truncate(kept, 0);
    await t.throwsAsync(copyChecked(kept, join(directory, 'e'), check), { code: 'damaged', message: /0 bytes/ });
  } finally {
    await rm(directory, { recursive: true });
  }
});
