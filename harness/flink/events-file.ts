/** Writes the beginning of a stream to a file, as the job for Flink reads it: the same events that the oracle sees. */
import { closeSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { EventBatch, type Source } from '../../workloads/contract.ts';
import { cannotWrite } from '../atomic-file.ts';

const BATCH_EVENTS = 8192;
const TWO_TO_32 = 2 ** 32;

/** What an event of the file carries. */
export interface EventLayout {
  readonly keyBytes: number;
  /** Doubles: the source's, and behind them what the event is to a join, where that matters. */
  readonly width: number;
}

export function layoutOf({ keyBytes, width }: EventLayout, hasTypes: boolean): EventLayout {
  return { keyBytes, width: hasTypes ? width + 1 : width };
}

/** Bytes of an event: its time, its numbers, its key, padded to a multiple of 8. */
function recordBytes({ keyBytes, width }: EventLayout): number {
  return 8 + 8 * width + Math.ceil(keyBytes / 8) * 8;
}

/**
 * Sees to it that `file` holds at least the first `events` events of the source; what it holds already is kept.
 * @throws StatebenchError `disk-full` or `bad-folder`
 */
export async function writeEvents(source: Source, hasTypes: boolean, events: number, file: string, signal: AbortSignal): Promise<void> {
  const bytes = recordBytes(layoutOf(source, hasTypes));
  const before = existsSync(file) ? Math.floor(statSync(file).size / bytes) : 0;
  if (before >= events) return;
  // A file that is only begun has another name: nobody takes it for whole.
  const draft = `${file}.draft`;
  if (before > 0) renameSync(file, draft);
  try {
    const output = openSync(draft, before > 0 ? 'r+' : 'w');
    try {
      await writeFrom(source, hasTypes, before, events, output, signal);
    } finally {
      closeSync(output);
    }
    renameSync(draft, file);
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw cannotWrite(file, cause);
  }
}

async function writeFrom(source: Source, hasTypes: boolean, from: number, to: number, output: number, signal: AbortSignal): Promise<void> {
  const { keyBytes, width } = source;
  const layout = layoutOf(source, hasTypes);
  const bytes = recordBytes(layout);
  const batch = new EventBatch(BATCH_EVENTS, source);
  const arena = new Uint8Array(BATCH_EVENTS * bytes);
  const words = new DataView(arena.buffer);
  source.seek(from);
  for (let at = from; at < to; ) {
    const count = source.fill(batch, to - at);
    if (count === 0) throw new RangeError(`the source ended after ${at} events, and ${to} were asked for`);
    for (let i = 0, start = 0; i < count; i++, start += bytes) {
      const time = batch.timestamps[i]!;
      words.setUint32(start, time, true);
      words.setInt32(start + 4, Math.floor(time / TWO_TO_32), true);
      for (let j = 0; j < width; j++) words.setFloat64(start + 8 + 8 * j, batch.values[i * width + j]!, true);
      if (hasTypes) words.setFloat64(start + 8 + 8 * width, batch.types[i]!, true);
      arena.set(batch.keys.subarray(i * keyBytes, (i + 1) * keyBytes), start + 8 + 8 * layout.width);
    }
    for (let written = 0, end = count * bytes; written < end; ) {
      written += writeSync(output, arena, written, end - written, at * bytes + written);
    }
    at += count;
    await setImmediate();
    signal.throwIfAborted();
  }
}
