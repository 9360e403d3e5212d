import { open } from 'node:fs/promises';
import { messageOf, StatebenchError } from '../errors.ts';

const CHUNK_BYTES = 1 << 18;

/** Lines that come together, the first of them being line `first` of the file, from 1. */
export interface Lines {
  readonly first: number;
  readonly lines: readonly string[];
}

/** The lines of a file as bytes, a letter each: nothing is decoded. @throws StatebenchError `missing-data`; `bad-data` for an endless line */
export async function* linesOf(file: string): AsyncGenerator<Lines> {
  const cannotRead = (cause: unknown) => new StatebenchError('missing-data', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  const handle = await open(file).catch((cause: unknown) => {
    throw cannotRead(cause);
  });
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let first = 1;
    let rest = '';
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES).catch((cause: unknown) => {
        throw cannotRead(cause);
      });
      const lines = (rest + chunk.toString('latin1', 0, bytesRead)).split('\n');
      rest = bytesRead === 0 ? '' : lines.pop()!;
      yield { first, lines };
      if (bytesRead === 0) return;
      first += lines.length;
      if (rest.length > CHUNK_BYTES) throw new StatebenchError('bad-data', `${file}:${first}: a line of more than ${CHUNK_BYTES} bytes`);
    }
  } finally {
    await handle.close();
  }
}
