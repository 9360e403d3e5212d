/**
 * Where the artifacts of servers are kept between runs, outside of the repository: a folder for each server and version, which
 * appears whole by a rename and lists what belongs in it, so that a half-made or damaged one is never used.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { cannotWrite } from '../../harness/atomic-file.ts';
import { cacheFolder } from '../../harness/cache-folder.ts';
import { JAVA_SERVERS, type JavaServerName, pomOf } from './artifacts.ts';

/** Name of the list in a server's folder; it is written last. */
export const LIST = 'installed.json';
/** Folder of a server's jars, in the server's folder. */
export const LIB = 'lib';

const listSchema = z.strictObject({
  schema: z.literal(1),
  server: z.string(),
  version: z.string(),
  /** Of the project that it was fetched by: another choice of artifacts is another server. */
  pomSha256: z.string(),
  files: z.array(z.strictObject({ name: z.string(), bytes: z.int().nonnegative(), sha256: z.string() })),
});
export type InstalledList = z.infer<typeof listSchema>;

/** What there is of a server in the cache. */
export type Installation =
  | { readonly state: 'whole'; readonly folder: string; readonly lib: string; readonly files: readonly string[]; readonly bytes: number }
  | { readonly state: 'missing'; readonly folder: string }
  | { readonly state: 'damaged'; readonly folder: string; readonly problem: string };

/** The cache, made if it is not there. @throws StatebenchError `disk-full` or `bad-folder` */
export function madeCacheFolder(): string {
  const folder = cacheFolder();
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw cannotWrite(folder, cause);
  }
  return folder;
}

/** Where a server of the version that is used here belongs. */
export function folderOf(name: JavaServerName): string {
  return path.join(cacheFolder(), `${name}-${JAVA_SERVERS[name].version}`);
}

/** Looks at the list and at the name and size of every file: some milliseconds. {@link verifyInstallation} reads them too. */
export function installationOf(name: JavaServerName, folder = folderOf(name)): Installation {
  if (!existsSync(folder)) return { state: 'missing', folder };
  const damaged = (problem: string): Installation => ({ state: 'damaged', folder, problem });
  const list = readList(folder);
  if (list === null) return damaged(`it has no readable ${LIST}`);
  if (list.server !== name || list.version !== JAVA_SERVERS[name].version || list.pomSha256 !== sha256Of(pomOf(name)))
    return damaged('it was made of other artifacts than are used now');
  const lib = path.join(folder, LIB);
  const found = new Map(sizesIn(lib));
  let bytes = 0;
  for (const file of list.files) {
    const size = found.get(file.name);
    if (size === undefined) return damaged(`${file.name} is missing`);
    if (size !== file.bytes) return damaged(`${file.name} has ${size} bytes instead of ${file.bytes}`);
    bytes += size;
  }
  // Everything in the folder is on the class path.
  const listed = new Set(list.files.map((file) => file.name));
  const foreign = [...found.keys()].find((file) => !listed.has(file));
  if (foreign !== undefined) return damaged(`${foreign} does not belong there`);
  return { state: 'whole', folder, lib, files: list.files.map((file) => file.name), bytes };
}

/** {@link installationOf} with the checksum of every file. */
export async function verifyInstallation(name: JavaServerName, folder = folderOf(name)): Promise<Installation> {
  const installation = installationOf(name, folder);
  if (installation.state !== 'whole') return installation;
  for (const file of readList(folder)?.files ?? []) {
    if ((await sha256OfFile(path.join(installation.lib, file.name))) !== file.sha256)
      return { state: 'damaged', folder, problem: `${file.name} has another checksum than when it was fetched` };
  }
  return installation;
}

/** The list of what lies in `folder/lib`, as it has to be written beside it. */
export async function listOf(name: JavaServerName, folder: string): Promise<InstalledList> {
  const lib = path.join(folder, LIB);
  const files: InstalledList['files'] = [];
  for (const [file, bytes] of sizesIn(lib)) files.push({ name: file, bytes, sha256: await sha256OfFile(path.join(lib, file)) });
  return { schema: 1, server: name, version: JAVA_SERVERS[name].version, pomSha256: sha256Of(pomOf(name)), files };
}

function readList(folder: string): InstalledList | null {
  try {
    return listSchema.parse(JSON.parse(readFileSync(path.join(folder, LIST), 'utf8')));
  } catch {
    return null;
  }
}

function sizesIn(folder: string): readonly (readonly [string, number])[] {
  try {
    return readdirSync(folder)
      .sort()
      .map((file) => [file, statSync(path.join(folder, file)).size] as const);
  } catch {
    return [];
  }
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
