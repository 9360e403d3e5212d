/** Runs a program that fetches something: Maven, or pip. */
import { spawn } from 'node:child_process';

/** Some hundred artifacts over a slow line. */
const FETCH_MS = 20 * 60_000;
/** Of an output, which is quiet but for errors. */
const LAST_CHARACTERS = 64 * 1024;

/** What it ended with, and the end of what it said on both outputs. @throws Error if it cannot be run */
export function runFetcher(command: string, args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: FETCH_MS });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        output = (output + part).slice(-LAST_CHARACTERS);
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
