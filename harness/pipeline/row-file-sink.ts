import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { failPoint } from '../../backends/checkpoints/fail-points.ts';
import { OutputDigest } from '../output-digest.ts';
import type { FiredRows, SavedSink, Sink } from './sink.ts';

const FLUSH_CHARACTERS = 1 << 20;

/**
 * Appends every row to a text file as `stage,start,end,key in hexadecimal,numbers…`. A checkpoint holds the file's length, and a
 * restore cuts the file back to it: each row is in the file exactly once, however often the process was killed.
 */
export class RowFileSink implements Sink {
  readonly #path: string;
  readonly #file: number;
  #bytes = 0;
  #text = '';

  /** @param path made if it is not there; what it holds beyond the restored checkpoint is cut off. */
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'a+');
  }

  accept({ stage, startsMs, endsMs, count, keyWords, keyStrideWords, keyAtWord, keyWordCount, numbers, width }: FiredRows): void {
    const keys = Buffer.from(keyWords.buffer, keyWords.byteOffset, keyWords.byteLength);
    for (let row = 0; row < count; row++) {
      const at = (row * keyStrideWords + keyAtWord) * 4;
      let text = `${stage},${startsMs[row]},${endsMs[row]},${keys.toString('hex', at, at + keyWordCount * 4)}`;
      for (let i = 0; i < width; i++) text += `,${numbers[row * width + i]}`;
      this.#text += `${text}\n`;
    }
    if (this.#text.length >= FLUSH_CHARACTERS) this.#flush();
  }

  save(): SavedSink {
    this.#flush();
    failPoint?.('sink-commit');
    fsyncSync(this.#file);
    return { bytes: this.#bytes };
  }

  restore(saved: SavedSink | null): void {
    this.#bytes = (saved?.bytes as number | undefined) ?? 0;
    this.#text = '';
    ftruncateSync(this.#file, this.#bytes);
  }

  /** Closes the file, with every row in it. */
  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  /** Closes the file and digests the rows that are in it, so that one too many or too few shows. */
  finishDigest(): OutputDigest {
    this.close();
    const digest = new OutputDigest();
    for (const line of readFileSync(this.#path, 'latin1').split('\n').slice(0, -1)) {
      const { stage, startMs, endMs, key, numbers } = parseRow(line);
      const words = new Uint32Array(Uint8Array.from(Buffer.from(key, 'hex')).buffer);
      const doubles = Float64Array.from(numbers.split(',').map(Number));
      digest.add(stage, startMs, endMs, words, 0, words.length, doubles, 0, doubles.length);
    }
    return digest;
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text, 'latin1');
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written);
    this.#bytes += bytes.length;
    this.#text = '';
  }
}

/** The rows of closed files as CSV lines, sorted by stage, window, key (bytewise) and numbers; a character is a byte. */
export function sortedRows(paths: readonly string[]): string[] {
  return sortedLines(paths.flatMap((path) => readFileSync(path, 'latin1').split('\n').slice(0, -1)));
}

/** The lines of row files as CSV lines, sorted as {@link sortedRows} does. */
export function sortedLines(lines: readonly string[]): string[] {
  const rows = lines.map(parseRow);
  // Keys of a stage are equally long, so their hexadecimal text sorts as their bytes do.
  rows.sort(
    (a, b) =>
      a.stage - b.stage ||
      a.startMs - b.startMs ||
      a.endMs - b.endMs ||
      (a.key < b.key ? -1 : a.key > b.key ? 1 : compareNumbers(a.numbers, b.numbers)),
  );
  return rows.map(({ stage, startMs, endMs, key, numbers }) => `${stage},${startMs},${endMs},${keyText(key)},${numbers}`);
}

/** Rows of one key and window are many in a join, and come in an order that depends on who made them. */
function compareNumbers(a: string, b: string): number {
  const others = b.split(',');
  for (const [i, number] of a.split(',').entries()) {
    const difference = Number(number) - Number(others[i]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A key as text: its bytes without the padding, quoted as CSV where it has to be. */
function keyText(hex: string): string {
  const text = Buffer.from(hex, 'hex').toString('latin1').replace(/\0+$/, '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function parseRow(line: string) {
  const [stage = '', start = '', end = '', key = '', ...numbers] = line.split(',');
  return { stage: Number(stage), startMs: Number(start), endMs: Number(end), key, numbers: numbers.join(',') };
}
