/** Keys as somebody recorded them: a text file, one a line. */
import { readFileSync } from 'node:fs';
import { WorkloadError } from '../../contract.ts';
import { KEYS_MAX } from './key-sampler.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The keys of a file's lines, padded with zero bytes to `keyBytes` and laid end to end. */
export interface FileKeys {
  readonly words: Uint32Array;
  readonly lines: number;
}

/** @throws WorkloadError `missing-data`, `bad-data` naming file and line */
export function readKeyFile(file: string, keyBytes: number): FileKeys {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new WorkloadError('missing-data', `cannot read ${file}, which should hold a key a line`, { cause });
  }
  let lines = 0;
  for (let at = 0; at < bytes.length; lines++) at = lineEnd(bytes, at) + 1;
  if (lines === 0) throw new WorkloadError('bad-data', `${file} is empty: it should hold a key a line`);
  if (lines > KEYS_MAX)
    throw new WorkloadError('bad-data', `${file}, line ${KEYS_MAX + 1}: more lines than ${KEYS_MAX}; take a part of the file`);
  const keys = new Uint8Array(lines * keyBytes);
  for (let at = 0, line = 0; line < lines; line++) {
    const next = lineEnd(bytes, at) + 1;
    const end = next - 1 > at && bytes[next - 2] === CARRIAGE_RETURN ? next - 2 : next - 1;
    const bad = (problem: string) => new WorkloadError('bad-data', `${file}, line ${line + 1}: ${problem}`);
    if (end === at) throw bad('no key: delete the empty line');
    if (end - at > keyBytes) throw bad(`a key of ${end - at} bytes; keyBytes is ${keyBytes}: choose more`);
    const key = bytes.subarray(at, end);
    if (key.includes(0)) throw bad('a zero byte, which stands for the padding of a key: this is no text file');
    keys.set(key, line * keyBytes);
    at = next;
  }
  return { words: new Uint32Array(keys.buffer), lines };
}

/** Where the line that begins at `at` ends. */
function lineEnd(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(NEWLINE, at);
  return end === -1 ? bytes.length : end;
}
