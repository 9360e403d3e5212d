// Proves that a segment comes back chunk by chunk, and that nothing of one that is not whole is taken for whole.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { FileCheck } from './checked-copy.ts';
import { readSegment, SegmentWriter } from './segment-file.ts';

const CHUNKS: readonly (readonly [number, number, string])[] = [
  [0, 7, 'eight by'],
  [3, 0xffff_fffe, ''],
  [0, 8, 'four'],
];

async function segment(t: ExecutionContext): Promise<{ path: string; check: FileCheck }> {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-segment-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const path = join(directory, 'segment');
  const writer = await SegmentWriter.create(path);
  for (const [part, first, text] of CHUNKS) await writer.chunk(part, first, Buffer.from(text));
  const check = await writer.finish();
  await writer.close();
  return { path, check };
}

async function chunks(path: string, check: FileCheck): Promise<[number, number, string][]> {
  const found: [number, number, string][] = [];
  for await (const { part, first, bytes } of readSegment(path, check)) found.push([part, first, bytes.toString()]);
  return found;
}

test('chunks come back as they were written', async (t) => {
  const { path, check } = await segment(t);
  t.deepEqual(await chunks(path, check), CHUNKS as [number, number, string][]);
  t.is((await readFile(path)).length, check.bytes);
});

test('more chunks at once than the system takes in one call', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-segment-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const path = join(directory, 'segment');
  const writer = await SegmentWriter.create(path);
  const many = Array.from({ length: 3000 }, (_, first) => ({ first, bytes: Buffer.from(`chunk ${first}`) }));
  await writer.chunks(2, many);
  const check = await writer.finish();
  await writer.close();
  t.is((await readFile(path)).length, check.bytes);
  t.deepEqual(
    await chunks(path, check),
    many.map(({ first, bytes }) => [2, first, bytes.toString()]),
  );
});

test('a file that is shorter, longer, turned at any bit, or has lost a chunk is damaged', async (t) => {
  const { path, check } = await segment(t);
  const whole = await readFile(path);
  const damaged = async (bytes: Buffer, what: string) => {
    await writeFile(path, bytes);
    // Also if whoever noted its length noted the wrong one.
    for (const noted of [check.bytes, bytes.length])
      await t.throwsAsync(chunks(path, { ...check, bytes: noted }), { code: 'damaged' }, what);
  };
  for (let length = 0; length < whole.length; length++) await damaged(whole.subarray(0, length), `${length} bytes`);
  await damaged(Buffer.concat([whole, Buffer.of(0)]), 'a byte more');
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const turned = Buffer.from(whole);
    turned[bit >> 3] = (turned[bit >> 3] as number) ^ (1 << (bit & 7));
    await damaged(turned, `bit ${bit}`);
  }
  const second = 8 + 16 + 8;
  await damaged(Buffer.concat([whole.subarray(0, second), whole.subarray(second + 16)]), 'without the second chunk');
  await rm(path);
  await t.throwsAsync(chunks(path, check), { code: 'damaged' });
  await writeFile(path, whole);
});
