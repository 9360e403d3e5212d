import { CheckpointError } from '../contract.ts';
import { HdfsFailure, isMissing } from './failure.ts';
import { streamFailure, type WebHdfs } from './web-hdfs.ts';

/** How often a stream may break before what it should have brought counts as lost. */
const ATTEMPTS = 3;

/** What DataNodes say of blocks that they do not have, or that differ from HDFS's own checksums. */
const LOST: ReadonlySet<string | null> = new Set(['BlockMissingException', 'ChecksumException', 'IOException']);

/**
 * Reads `bytes` of a file from `offset` on, from the beginning again if the stream breaks.
 * @param take uses the bytes up; called once an attempt.
 * @throws CheckpointError `damaged` if there is no such file, or no DataNode has the bytes; HdfsFailure if nobody can be asked
 */
export async function readStretch<T>(
  hdfs: WebHdfs,
  path: string,
  { offset, bytes }: { readonly offset: number; readonly bytes: number },
  take: (content: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    let failure: HdfsFailure;
    try {
      const { stream, host } = await hdfs.persist(() => hdfs.read(path, offset, bytes));
      try {
        return await take(stream as AsyncIterable<Buffer>);
      } catch (error) {
        const broken = streamFailure(error, host);
        if (!(broken instanceof HdfsFailure)) throw error;
        failure = broken;
      } finally {
        stream.destroy();
      }
    } catch (error) {
      if (isMissing(error)) throw new CheckpointError('damaged', `${path} is missing`, { cause: error });
      if (!(error instanceof HdfsFailure) || !LOST.has(error.exception)) throw error;
      failure = error;
    }
    if (attempt === ATTEMPTS) throw new CheckpointError('damaged', `${path} cannot be read: ${failure.message}`, { cause: failure });
  }
}

/** {@link readStretch} into memory. */
export async function readBytes(
  hdfs: WebHdfs,
  path: string,
  stretch: { readonly offset: number; readonly bytes: number },
): Promise<Buffer> {
  return await readStretch(hdfs, path, stretch, async (content) => {
    const chunks: Buffer[] = [];
    for await (const chunk of content) chunks.push(chunk);
    return Buffer.concat(chunks);
  });
}
