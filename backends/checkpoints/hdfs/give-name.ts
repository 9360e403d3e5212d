import { HdfsFailure } from './failure.ts';
import type { WebHdfs } from './web-hdfs.ts';

/**
 * Gives a whole file the name under which it counts, which nothing had before. RENAME alone does not say whether that was
 * done: see {@link WebHdfs.rename}. So what is there is looked at before and after.
 * @param bytes the file's length.
 * @param onFree called when it is known that nobody else has the name, before it is given.
 * @throws HdfsFailure if the name is taken, or the file has not got it.
 */
export async function giveName(hdfs: WebHdfs, from: string, to: string, bytes: number, onFree: () => void): Promise<void> {
  const before = await hdfs.status(to);
  if (before !== null) throw new HdfsFailure(`${to} is there already, and nothing is written over`, null, false);
  onFree();
  const renamed = await hdfs.rename(from, to);
  const after = await hdfs.status(to);
  if (after?.type === 'FILE' && after.length === bytes) return;
  const found = after === null ? 'nothing is there' : `a ${after.type.toLowerCase()} of ${after.length} bytes is there`;
  throw new HdfsFailure(`${from}, of ${bytes} bytes, was renamed to ${to}; the answer was ${renamed}, and ${found}`, null, false);
}
