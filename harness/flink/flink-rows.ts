/** The rows that the tasks of a job wrote, each to a file of its own, in the form that our pipeline's row files have. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Stage, stageKeyBytes } from '../../workloads/contract.ts';

const NAME = /^stage-(\d+)-subtask-\d+$/;
const HEAD_BYTES = 24;

/** Writes a text beside each file of the folder. @returns their paths */
export function rowTexts(folder: string, stages: readonly Stage[]): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const number = Number(NAME.exec(name)?.[1]);
    const stage = stages[number - 1];
    if (stage === undefined) return [];
    const text = path.join(folder, `${name}.text`);
    writeFileSync(text, textOf(readFileSync(path.join(folder, name)), number, stageKeyBytes(stage)), 'latin1');
    return [text];
  });
}

/** As the job's `RowFile` says a row is. */
function textOf(bytes: Buffer, stage: number, keyBytes: number): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const keyLength = bytes.readInt32LE(at);
    const count = bytes.readInt32LE(at + 4);
    const start = bytes.readBigInt64LE(at + 8);
    const end = bytes.readBigInt64LE(at + 16);
    const keyAt = at + HEAD_BYTES + 8 * count;
    const key = bytes.toString('hex', keyAt, keyAt + keyLength).padEnd(2 * keyBytes, '0');
    text += `${stage},${start},${end},${key}`;
    for (let i = 0; i < count; i++) text += `,${bytes.readDoubleLE(at + HEAD_BYTES + 8 * i)}`;
    text += '\n';
    at = keyAt + keyLength;
  }
  return text;
}
