/** Events that somebody recorded: the rows of a CSV or Parquet file, in the order of the file, which is that of arrival. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { type Source, WorkloadError } from '../../contract.ts';
import { playedInLaps, type Recording, wholeDaysMs } from '../laps.ts';
import { cacheDirectories, cachedColumns, oneOfMany } from '../parsed-cache.ts';
import { readCsvEvents, type Separator } from './csv-events.ts';
import { type EventColumns, type EventFacts, type EventFileFormat, factsOf } from './event-packer.ts';
import { readParquetEvents } from './parquet-events.ts';

/** What a data file holds. */
export interface EventFile extends EventFacts {
  /** Of the whole file, hexadecimal. */
  readonly sha256: string;
  readonly isParquet: boolean;
  readonly events: number;
  /** @param repeat how often the events are played, each time moved on by whole days; Infinity for an endless stream */
  play(repeat: number): Source;
}

export interface EventFileRequest extends EventFileFormat {
  readonly file: string;
  readonly separator: Separator;
  /** What the file's SHA-256 must be, hexadecimal; empty for any. */
  readonly sha256: string;
}

/** Its number goes up with any change of what is made of a file. */
const CACHE_VERSION = 2;

/**
 * Reads a data file, or finds what was read before.
 * @throws WorkloadError `missing-data` if it is not there, `bad-data` if it is not what it should be, naming line and column
 */
export async function readEventFile(request: EventFileRequest, directories = cacheDirectories()): Promise<EventFile> {
  const { file, separator, sha256: expected, ...format } = request;
  const before = await checkFile(file);
  const sha256 = await digestOf(file);
  if (expected !== '' && expected !== sha256) {
    throw new WorkloadError(
      'bad-data',
      `${file} is not what it was: its SHA-256 is ${sha256}, and was ${expected}. Put the old file back, or begin anew.`,
    );
  }
  const isParquet = /\.parquet$/i.test(file) || (await beginsAsParquet(file));
  const source = createHash('sha256').update(JSON.stringify([CACHE_VERSION, sha256, isParquet, separator, Object.entries(format).sort()]));
  const identity = source.digest();
  const columns = await cachedColumns(oneOfMany('events', identity), identity, directories, async () => {
    const parsed = await (isParquet ? readParquetEvents(file, format) : readCsvEvents(file, format, separator));
    const after = await checkFile(file);
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new WorkloadError('bad-data', `${file} was written to while it was read: wait until it is whole`);
    }
    return parsed;
  });
  return {
    ...factsOf(columns),
    sha256,
    isParquet,
    events: columns.times.length,
    play: (repeat) => playedInLaps(recording(columns), repeat),
  };
}

/** @throws WorkloadError `missing-data`, or `bad-data` where it cannot hold events */
async function checkFile(file: string): Promise<{ readonly size: number; readonly mtimeMs: number }> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new WorkloadError('missing-data', `cannot read ${file}, which file=… names`, { cause });
  });
  if (found.isDirectory()) throw new WorkloadError('bad-data', `${file} is a folder: name a CSV or Parquet file in it`);
  if (!found.isFile()) throw new WorkloadError('bad-data', `${file} is no file that can be read again: save what it gives, and name that`);
  if (found.size === 0) throw new WorkloadError('bad-data', `${file} is empty`);
  return found;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const bytes of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(bytes as Buffer);
  } catch (cause) {
    throw new WorkloadError('missing-data', `cannot read ${file}, which file=… names`, { cause });
  }
  return hash.digest('hex');
}

/** @throws WorkloadError `bad-data` for a packed file */
async function beginsAsParquet(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    const first = buffer.toString('latin1', 0, bytesRead);
    if (PACKED.some((magic) => first.startsWith(magic)))
      throw new WorkloadError('bad-data', `${file} is packed: unpack it, and name what was in it`);
    return first === 'PAR1';
  } finally {
    await handle.close();
  }
}

/** What files of gzip, Zip, Zstandard and bzip2 begin with. */
const PACKED = ['\x1f\x8b', 'PK\x03\x04', '\x28\xb5\x2f\xfd', 'BZh9'];

function recording(columns: EventColumns): Recording {
  const { times, values, keys, keyTable } = columns;
  const { keyBytes, firstTimeMs, lastTimeMs } = factsOf(columns);
  const words = keyBytes / 4;
  const keyWordTable = new Uint32Array(keyTable.buffer, keyTable.byteOffset, keyTable.length / 4);
  return {
    keyBytes,
    rows: times.length,
    lapMs: wholeDaysMs(firstTimeMs, lastTimeMs),
    write(batch, from, row, count, movedMs) {
      for (let i = 0, to = from * words; i < count; i++, to += words) {
        const key = keys[row + i]! * words;
        for (let word = 0; word < words; word++) batch.keyWords[to + word] = keyWordTable[key + word]!;
        batch.timestamps[from + i] = times[row + i]! + movedMs;
        batch.values[from + i] = values[row + i]!;
      }
    },
  };
}
