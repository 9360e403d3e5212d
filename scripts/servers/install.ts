/** Fetches what a Java server is made of into the cache, by Maven, and by pip where a part of it is a wheel. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cannotWrite, writeAtomically } from '../../harness/atomic-file.ts';
import { cacheFolder } from '../../harness/cache-folder.ts';
import { StatebenchError } from '../../harness/errors.ts';
import { findJava } from '../../harness/java.ts';
import { findOnPath } from '../../harness/on-path.ts';
import { makeScratch, removeScratch, sweepScratch } from '../../harness/scratch.ts';
import { JAVA_SERVERS, type JavaServerArtifacts, type JavaServerName, pomOf } from './artifacts.ts';
import { folderOf, type Installation, installationOf, LIB, LIST, listOf, madeCacheFolder, verifyInstallation } from './cache.ts';
import { runFetcher } from './fetcher.ts';
import { fetchWheel } from './wheel.ts';

const LONGEST_REASON = 400;

export type Installed = Extract<Installation, { state: 'whole' }>;

/**
 * Sees to it that a server is in the cache, whole: what is there is read through, what is damaged is replaced. Artifacts also stay
 * in the user's Maven repository, where the next version finds those that it has in common.
 * @param onFetch called before anything is fetched
 * @throws StatebenchError `unavailable` without Java, Maven, the network or an artifact; `disk-full`; `bad-folder`
 */
export async function installServer(name: JavaServerName, onFetch: () => void): Promise<Installed> {
  const found = await verifyInstallation(name);
  if (found.state === 'whole') return found;
  const title = `${name} ${JAVA_SERVERS[name].version}`;
  const java = await findJava();
  if (java.state === 'unavailable') throw new StatebenchError('unavailable', `${title} needs Java: ${java.reason}. ${java.remedy}`);
  const maven = findOnPath('mvn');
  if (maven === undefined) {
    const remedy = 'Install Maven (Debian: apt-get install maven).';
    throw new StatebenchError('unavailable', `${title} is fetched by Maven, and there is no mvn on the PATH. ${remedy}`);
  }
  const cache = madeCacheFolder();
  sweepScratch(cache);
  const scratch = makeScratch(cache, 'install');
  try {
    const draft = path.join(scratch, name);
    onFetch();
    await fetchInto(draft, maven, name);
    const { wheel }: JavaServerArtifacts = JAVA_SERVERS[name];
    if (wheel !== undefined) await fetchWheel(wheel, { lib: path.join(draft, LIB), scratch, server: name });
    writeAtomically(path.join(draft, LIST), JSON.stringify(await listOf(name, draft), null, 2));
    putInPlace(draft, name, path.join(scratch, 'damaged'));
  } finally {
    removeScratch(scratch);
  }
  const made = installationOf(name);
  if (made.state !== 'whole') throw new StatebenchError('harness', `${title} was fetched into ${made.folder}, but is ${made.state} there`);
  return made;
}

async function fetchInto(draft: string, maven: string, name: JavaServerName): Promise<void> {
  const lib = path.join(draft, LIB);
  const pom = path.join(draft, 'pom.xml');
  try {
    mkdirSync(lib, { recursive: true });
    writeFileSync(pom, pomOf(name));
  } catch (cause) {
    throw cannotWrite(draft, cause);
  }
  const args = [
    '-q',
    '-B',
    '-Dstyle.color=never',
    '-f',
    pom,
    'dependency:copy-dependencies',
    `-DoutputDirectory=${lib}`,
    '-DincludeScope=runtime',
  ];
  const { code, output } = await runFetcher(maven, args);
  if (code === 0) return;
  if (output.includes('No space left on device')) {
    throw new StatebenchError(
      'disk-full',
      `cannot fetch ${name}: the disk of ${cacheFolder()} or of the Maven repository is full. Make space there`,
    );
  }
  const remedy = `See whether this machine reaches Maven Central or a mirror that Maven's settings name, then run: npx statebench servers install ${name}`;
  throw new StatebenchError(
    'unavailable',
    `Maven could not fetch ${name} ${JAVA_SERVERS[name].version}: ${reasonOf(output, code)}. ${remedy}`,
  );
}

/** Maven tells one failure in many lines, the first of which says the most. */
function reasonOf(output: string, code: number | null): string {
  const [, said] = /\[ERROR\] +(\S.*?)(?: -> \[Help \d+\])?$/m.exec(output) ?? [];
  return (said ?? (output.trim().split('\n').at(-1) || `it ended with code ${code}`)).slice(0, LONGEST_REASON).replace(/\.$/, '');
}

/** Another install may have put its own there meanwhile, which then is as good. */
function putInPlace(draft: string, name: JavaServerName, aside: string): void {
  const folder = folderOf(name);
  if (existsSync(folder)) {
    if (installationOf(name).state === 'whole') return;
    renameSync(folder, aside);
  }
  try {
    renameSync(draft, folder);
  } catch (cause) {
    if (installationOf(name).state !== 'whole') throw cannotWrite(folder, cause);
  }
}
