import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CheckpointError } from './contract.ts';

export const MANIFEST = 'manifest.json';

const FORMAT = 1;
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A file of a checkpoint as every manifest lists it. */
export const manifestFileSchema = z.strictObject({
  path: z.string().min(1),
  bytes: z.int().nonnegative(),
  sha256,
  immutable: z.boolean(),
});

/** What every storage's manifest says; one that needs to say more extends it. */
export const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  id: z.int().positive(),
  backend: z.strictObject({ name: z.string(), settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])) }),
  position: z.json(),
  files: z.array(manifestFileSchema),
});

/** What makes a directory a checkpoint: written last, it lists every other file with its length and SHA-256. */
export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestFile = Manifest['files'][number];

/** Bytes of all files that a manifest lists. */
export function bytesOf({ files }: Pick<Manifest, 'files'>): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The text of a manifest file: the manifest and a checksum over it, so that a flipped bit in either is seen. */
export function manifestText(manifest: { readonly files: readonly ManifestFile[] }): string {
  const body = JSON.stringify(manifest);
  return `${JSON.stringify({ sha256: createHash('sha256').update(body).digest('hex') })}\n${body}\n`;
}

/** {@link parseManifestAs} for a manifest that says no more than all do. */
export function parseManifest(text: string, where: string): Manifest {
  return parseManifestAs(manifestSchema, text, where);
}

/**
 * @param where names the file in errors.
 * @throws CheckpointError `foreign` if the format is not this one, `damaged` if the text is not as it was written.
 */
export function parseManifestAs<T extends Pick<Manifest, 'files'>>(schema: z.ZodType<T>, text: string, where: string): T {
  const [head = '', body = '', rest] = text.split('\n');
  let sum: unknown;
  let parsed: unknown;
  try {
    sum = JSON.parse(head)?.sha256;
    parsed = JSON.parse(body);
  } catch (cause) {
    throw new CheckpointError('damaged', `${where} is not a whole manifest`, { cause });
  }
  if (rest !== '' || sum !== createHash('sha256').update(body).digest('hex')) {
    throw new CheckpointError('damaged', `${where} does not match its own checksum`);
  }
  const format = (parsed as { format?: unknown } | null)?.format;
  if (format !== FORMAT) {
    throw new CheckpointError('foreign', `${where} is of format ${String(format)}; this Statebench reads format ${FORMAT}`);
  }
  const result = schema.safeParse(parsed);
  if (!result.success) throw new CheckpointError('damaged', `${where} is not a manifest: ${z.prettifyError(result.error)}`);
  for (const { path } of result.data.files) checkPath(path, where);
  return result.data;
}

/** @throws CheckpointError `damaged` if a file of a checkpoint would lie outside its directory, or on the manifest. */
export function checkPath(path: string, where: string): void {
  const parts = path.split('/');
  if (
    path === MANIFEST ||
    path.includes('\\') ||
    path.includes('\0') ||
    parts.some((part) => part === '' || part === '.' || part === '..')
  ) {
    throw new CheckpointError('damaged', `${where} names a file '${path}', which no checkpoint may have`);
  }
}
