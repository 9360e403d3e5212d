/** Reads from the log of a Java server why it did not start. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Of the end of a log: stack traces are long. */
const READ_BYTES = 256 * 1024;
const LONGEST_CAUSE = 300;

const PORT_TAKEN =
  /Address already in use|java\.net\.BindException|Failed to bind|Could not start ZK at requested port|is in use by another process/;

/** The end of a log; empty if there is none. */
export function endOfLog(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, READ_BYTES));
    readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** Whether a log tells of a port that another process had taken. */
export function tellsOfTakenPort(log: string): boolean {
  return PORT_TAKEN.test(log);
}

/** What a log says of a failure, the most telling first. */
const CAUSES = [
  /^Caused by: (.+)/,
  /^((?:[a-z]\w*\.)+[\w$]*(?:Exception|Error)\b.*)/,
  /\b(?:ERROR|FATAL)\b.*?[:\]-]\s+(.+)/,
  /^(Error: .+)/,
];

/** The line of a log that names the root of the trouble: the innermost cause of the last failure, else its last line. */
export function rootCause(log: string): string {
  const lines = log.split('\n').map((line) => line.trim());
  for (const pattern of CAUSES) {
    const cause = lines.map((line) => pattern.exec(line)?.[1]).findLast((found) => found !== undefined);
    if (cause !== undefined) return cause.slice(0, LONGEST_CAUSE);
  }
  return (lines.findLast((line) => line !== '') ?? 'it wrote no log').slice(0, LONGEST_CAUSE);
}
