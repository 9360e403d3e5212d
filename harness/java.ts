/** Finds the Java that servers run on. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from './errors.ts';
import { findOnPath, isExecutable } from './on-path.ts';

/** Hadoop 3.5 is compiled for it, Cassandra 5.0 made for it. */
const OLDEST_JAVA = 17;
const REMEDY = `Install Java ${OLDEST_JAVA} or newer (Debian: apt-get install default-jre-headless), or set JAVA_HOME to one.`;

export type Java =
  | { readonly state: 'found'; readonly command: string; readonly major: number }
  | { readonly state: 'unavailable'; readonly reason: string; readonly remedy: string };

/** That of `JAVA_HOME`, else of the PATH; it is asked for its version, which takes some tens of milliseconds. */
export async function findJava(): Promise<Java> {
  const { JAVA_HOME } = process.env;
  const ofHome = JAVA_HOME === undefined || JAVA_HOME === '' ? undefined : join(JAVA_HOME, 'bin', 'java');
  if (ofHome !== undefined && !isExecutable(ofHome)) {
    return { state: 'unavailable', reason: `JAVA_HOME is ${JAVA_HOME}, where there is no bin/java`, remedy: REMEDY };
  }
  const command = ofHome ?? findOnPath('java');
  if (command === undefined) return { state: 'unavailable', reason: 'there is no java on the PATH', remedy: REMEDY };
  try {
    const { stdout, stderr } = await promisify(execFile)(command, ['-version'], { timeout: 20_000 });
    const major = majorOf(stdout + stderr);
    if (major >= OLDEST_JAVA) return { state: 'found', command, major };
    return { state: 'unavailable', reason: `${command} is Java ${Number.isNaN(major) ? 'of an unknown version' : major}`, remedy: REMEDY };
  } catch (error) {
    return { state: 'unavailable', reason: `${command} does not run: ${messageOf(error).split('\n')[0]}`, remedy: REMEDY };
  }
}

/** `version "17.0.15"` is 17, `version "1.8.0_402"` is 8; NaN if it says neither. */
function majorOf(text: string): number {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return Number(first === '1' ? second : first);
}
