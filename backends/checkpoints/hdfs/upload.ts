/** Sends a checkpoint's files to HDFS in packs, and sums them on their way. */
import { createHash } from 'node:crypto';
import { open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '../contract.ts';
import { failPoint } from '../fail-points.ts';
import { HdfsFailure } from './failure.ts';
import { type FreshFile, NO_SUM, type PackedFile, type PackedManifest, packEnd } from './pack.ts';
import type { WebHdfs } from './web-hdfs.ts';

/** Files that go into one pack. */
export interface PackPlan {
  readonly key: string;
  readonly files: readonly FreshFile[];
}

export interface Upload {
  readonly hdfs: WebHdfs;
  /** The local directory of the files. */
  readonly directory: string;
  /** The checkpoint's own pack. */
  readonly own: PackPlan;
  /** Where an attempt at a pack goes: a draft's name, never used before. */
  readonly nameDraft: () => string;
  readonly others: readonly PackPlan[];
  /** Gives one of the other packs, once it is closed, the name of its key. */
  readonly giveOther: (key: string, draft: string, bytes: number) => Promise<void>;
  /** The manifest with the files that are held already, and without those that are sent. */
  readonly held: PackedManifest;
}

export interface Uploaded {
  /** Where the checkpoint's own pack lies. */
  readonly draft: string;
  readonly draftBytes: number;
  readonly manifest: PackedManifest;
}

const CHUNK_BYTES = 1 << 18;

/**
 * All packs at once; the checkpoint's own is ended by the manifest when all others have their names.
 * @throws HdfsFailure, and what reading a file throws; then drafts, and whole packs, may be there.
 */
export async function upload(request: Upload): Promise<Uploaded> {
  const { hdfs, own, others, held, nameDraft, giveOther, directory } = request;
  const onFile = halfWay(own.files.length + others.reduce((sum, { files }) => sum + files.length, 0));
  const sent = Promise.all(
    others.map(async (plan) => {
      const packed = await hdfs.persist(async () => {
        const draft = nameDraft();
        const summed: PackedFile[] = [];
        await hdfs.create(draft, contentOf(directory, plan, summed, onFile), bytesIn(plan));
        return { draft, files: summed };
      });
      await giveOther(plan.key, packed.draft, bytesIn(plan));
      return packed.files;
    }),
  );
  sent.catch(() => {}); // the own pack waits for it, when it is done with its files
  return await hdfs.persist(() => uploadOwn(request, sent, onFile, placeholders(held, [own, ...others])));
}

async function uploadOwn(
  { hdfs, directory, own, held, nameDraft }: Upload,
  others: Promise<readonly (readonly PackedFile[])[]>,
  onFile: () => void,
  shape: PackedManifest,
): Promise<Uploaded> {
  const draft = nameDraft();
  const draftBytes = bytesIn(own) + packEnd(shape).length;
  const summed: PackedFile[] = [];
  let manifest = shape;
  async function* content(): AsyncGenerator<Buffer> {
    yield* contentOf(directory, own, summed, onFile);
    const sent = await others.catch(givenUp);
    failPoint?.('after-fsync');
    manifest = { ...shape, files: [...held.files, ...summed, ...sent.flat()] };
    failPoint?.('before-manifest');
    yield packEnd(manifest);
  }
  await hdfs.create(draft, content(), draftBytes);
  failPoint?.('after-manifest');
  return { draft, draftBytes, manifest };
}

/** The other packs were waited for in vain: the own pack is not sent again for them. */
function givenUp(error: unknown): never {
  throw error instanceof HdfsFailure ? new HdfsFailure(error.message, error.exception, false, { cause: error }) : error;
}

/** The manifest as it will be, but for the sums. */
function placeholders(held: PackedManifest, plans: readonly PackPlan[]): PackedManifest {
  const written = plans.filter(({ files }) => files.length > 0);
  return {
    ...held,
    packs: { ...held.packs, ...Object.fromEntries(written.map((plan) => [plan.key, bytesIn(plan)])) },
    files: [...held.files, ...written.flatMap(placesIn)],
  };
}

/** Where the files of a pack lie in it. */
function placesIn({ key, files }: PackPlan): PackedFile[] {
  let offset = 0;
  return files.map(({ path, bytes, immutable }) => {
    const place = { path, bytes, immutable, sha256: NO_SUM, pack: key, offset };
    offset += bytes;
    return place;
  });
}

function bytesIn({ files }: PackPlan): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The bytes of a pack's files; each is put into `summed` when it was read. @throws CheckpointError `not-durable` if a file is shorter than it was */
async function* contentOf(directory: string, plan: PackPlan, summed: PackedFile[], onFile: () => void): AsyncGenerator<Buffer> {
  for (const place of placesIn(plan)) {
    onFile();
    const { path, bytes } = place;
    const hash = createHash('sha256');
    const file = await openFile(join(directory, path), 'r');
    let sent = 0;
    try {
      while (sent < bytes) {
        // A buffer of its own: it waits in the socket while the next is read.
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, bytes - sent));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, sent);
        if (bytesRead === 0) throw new CheckpointError('not-durable', `${join(directory, path)} ended at ${sent} of ${bytes} bytes`);
        const read = chunk.subarray(0, bytesRead);
        hash.update(read);
        yield read;
        sent += bytesRead;
      }
    } finally {
      await file.close();
    }
    summed.push({ ...place, sha256: hash.digest('hex') });
  }
}

/** Passes `half-written` once, when the file in the middle of `files` begins, or at once if there are none. */
function halfWay(files: number): () => void {
  let begun = 0;
  if (files === 0) failPoint?.('half-written');
  return () => {
    if (begun++ === files >> 1) failPoint?.('half-written');
  };
}
