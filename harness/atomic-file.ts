import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf, StatebenchError } from './errors.ts';

/**
 * Writes a file that a reader, now or after a crash, finds whole or as it was before.
 * @throws StatebenchError `disk-full` or `bad-folder`
 */
export function writeAtomically(file: string, text: string | Uint8Array): void {
  const draft = `${file}.draft`;
  try {
    const descriptor = openSync(draft, 'w');
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, file);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw cannotWrite(file, cause);
  }
}

/** What to say of a file that could not be written. */
export function cannotWrite(file: string, cause: unknown): StatebenchError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new StatebenchError('disk-full', `cannot write ${file}: the disk is full. Make space there`, { cause });
  return new StatebenchError('bad-folder', `cannot write ${file}: ${messageOf(cause)}; name another place`, { cause });
}
