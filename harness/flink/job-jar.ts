/** Compiles the job that runs a workload on Flink, once for each state of its sources and of Flink's jars. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from '../cache-folder.ts';
import { messageOf, StatebenchError } from '../errors.ts';
import { findJava } from '../java.ts';
import { isExecutable } from '../on-path.ts';
import { makeScratch, removeScratch, sweepScratch } from '../scratch.ts';
import { FLINK_VERSION } from './version.ts';

/** The sources stay where they are written: the build has none of them. */
const SOURCES = fileURLToPath(new URL('../../../harness/flink/job', import.meta.url));
export const ENTRY_CLASS = 'statebench.WorkloadJob';
/** What Flink 2.3 itself is compiled for. */
const RELEASE = '17';
const LONGEST_REASON = 400;

/**
 * The job as a jar, made if this is the first use of it: some seconds.
 * @throws StatebenchError `unavailable` without Flink's jars, a Java, or its compiler
 */
export async function jobJar(): Promise<string> {
  const lib = path.join(cacheFolder(), `flink-${FLINK_VERSION}`, 'lib');
  if (!existsSync(lib)) {
    throw new StatebenchError(
      'unavailable',
      `flink ${FLINK_VERSION} is not installed, and the job is compiled against its jars, whichever cluster it runs on. Run: npx statebench servers install flink`,
    );
  }
  const sources = readdirSync(SOURCES).filter((file) => file.endsWith('.java'));
  const jars = readdirSync(lib).filter((file) => file.endsWith('.jar'));
  const digest = createHash('sha256').update(RELEASE);
  for (const file of sources.toSorted()) digest.update(`${file}\0`).update(readFileSync(path.join(SOURCES, file)));
  for (const file of jars.toSorted()) digest.update(`${file}\0${statSync(path.join(lib, file)).size}`);
  const jar = path.join(cacheFolder(), 'flink-jobs', `${digest.digest('hex').slice(0, 32)}.jar`);
  if (existsSync(jar)) return jar;
  const { compiler, archiver } = await developmentKit();
  mkdirSync(path.dirname(jar), { recursive: true });
  sweepScratch(path.dirname(jar));
  const scratch = makeScratch(path.dirname(jar), 'job');
  try {
    const classes = path.join(scratch, 'classes');
    mkdirSync(classes);
    const files = sources.map((file) => path.join(SOURCES, file));
    await runTool(compiler, ['--release', RELEASE, '-nowarn', '-cp', path.join(lib, '*'), '-d', classes, ...files]);
    const made = path.join(scratch, 'job.jar');
    await runTool(archiver, ['--create', '--file', made, '--main-class', ENTRY_CLASS, '-C', classes, '.']);
    renameSync(made, jar);
    return jar;
  } finally {
    removeScratch(scratch);
  }
}

/** `javac` and `jar` beside the Java that runs here: those of the PATH may be of another release. */
async function developmentKit(): Promise<{ readonly compiler: string; readonly archiver: string }> {
  const java = await findJava();
  if (java.state === 'unavailable')
    throw new StatebenchError('unavailable', `the job for Flink is compiled by Java: ${java.reason}. ${java.remedy}`);
  const folder = path.dirname(realpathSync(java.command));
  const [compiler, archiver] = ['javac', 'jar'].map((tool) => path.join(folder, tool)) as [string, string];
  if (isExecutable(compiler) && isExecutable(archiver)) return { compiler, archiver };
  throw new StatebenchError(
    'unavailable',
    `the job for Flink is compiled by the JDK of ${java.command}, which has no javac: install one (Debian: apt-get install default-jdk-headless), or set JAVA_HOME to one`,
  );
}

async function runTool(command: string, args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(command, args, { timeout: 300_000 });
  } catch (cause) {
    const { stderr } = cause as { stderr?: string };
    const said = (stderr ?? '').split('\n').find((line) => /error/i.test(line)) ?? messageOf(cause);
    throw new StatebenchError('harness', `${path.basename(command)} could not make the job for Flink: ${said.slice(0, LONGEST_REASON)}`, {
      cause,
    });
  }
}
