// Proves that a cache gives back what was parsed, is used when whole, made anew when anything in it changed, and done without where it
// cannot be written.
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type Columns, cachedColumns } from './parsed-cache.ts';

const NAME = 'some.bin';
/** Of every type, of lengths that need padding and of none, and one that is a part of a larger buffer. */
const COLUMNS = {
  bytes: Uint8Array.of(1, 2, 3),
  shorts: Int16Array.of(-1, 2, -32_768),
  routes: Uint16Array.of(65_535),
  minutes: Int32Array.of(-5, 2 ** 31 - 1),
  numbers: Uint32Array.of(2 ** 32 - 1, 0, 7).subarray(1),
  times: Float64Array.of(0.1, -0, 1e300),
  none: new Float64Array(0),
};

const digestOf = (text: string): Buffer => Buffer.alloc(32, text);

test('a cache is used when whole and made anew when anything in it changed', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-cache-test-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const source = digestOf('a file');
  let parsed = 0;
  const get = (from = source): Promise<Columns> =>
    cachedColumns(NAME, from, [directory], async () => {
      parsed++;
      return COLUMNS;
    });
  const plain = (columns: Columns) => Object.entries(columns).map(([name, column]) => [name, column.constructor.name, ...column]);
  const equal = (columns: Columns): void => {
    t.deepEqual(plain(columns), plain(COLUMNS));
  };
  equal(await get());
  equal(await get());
  t.is(parsed, 1);
  const files = await readdir(directory);
  t.is(files.length, 1, 'no drafts are left');
  const file = join(directory, files[0]!);
  const whole = await readFile(file);
  const flip = (at: number): Buffer => {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 4;
    return bytes;
  };
  const damaged = [
    Buffer.alloc(0),
    whole.subarray(0, 20),
    whole.subarray(0, -1),
    Buffer.concat([whole, Buffer.alloc(8)]),
    ...[0, 4, 8, 12, 16, 60, 96, whole.length - 1].map(flip),
  ];
  for (const [i, bytes] of damaged.entries()) {
    await writeFile(file, bytes);
    equal(await get());
    t.is(parsed, 2 + i, `damage ${i} was seen`);
    t.deepEqual(await readFile(file), whole, `damage ${i} was mended`);
  }
  await get(digestOf('another file'));
  t.is(parsed, 2 + damaged.length);
});

test('where the first folder cannot be written, the next one is used; where none can, nothing fails', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-cache-test-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const blocked = join(directory, 'a file');
  await writeFile(blocked, '');
  await chmod(blocked, 0o400);
  let parsed = 0;
  const get = (directories: readonly string[]): Promise<Columns> =>
    cachedColumns(NAME, digestOf('x'), directories, async () => {
      parsed++;
      return COLUMNS;
    });
  await get([join(blocked, 'below'), join(directory, 'second')]);
  await get([join(blocked, 'below'), join(directory, 'second')]);
  t.is(parsed, 1);
  t.is((await get([join(blocked, 'below')])).bytes!.length, 3);
  t.is(parsed, 2);
});
