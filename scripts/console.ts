/** Where words go: data to stdout, everything a person reads to stderr. */
import { EXIT, exitCodeOf, messageOf } from '../harness/errors.ts';
import { withoutPasswords } from '../harness/passwords.ts';

/** Writes data, with a line's end. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes one JSON document as data. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Writes a line for a person. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Rows with their columns aligned, two spaces apart; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, text] of row.slice(0, -1).entries()) widths[column] = Math.max(widths[column] ?? 0, text.length);
  }
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(column === row.length - 1 ? 0 : widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Columns of the terminal, within what is comfortable to read; 80 where there is no terminal. */
export function lineWidth(): number {
  return Math.min(120, Math.max(80, process.stdout.columns ?? 80));
}

/** Text in lines of at most `width` characters, if no word is longer, each after the first moved in by `indent`; so is what the first is put behind. */
export function wrapped(text: string, indent: number, width = lineWidth()): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}

/** Says what went wrong, with a stack only where STATEBENCH_DEBUG or `--debug` asks for it. @returns what to exit with. */
export function sayError(error: unknown): number {
  const code = exitCodeOf(error);
  say(`statebench: ${printable(withoutPasswords(messageOf(error)))}`);
  if (process.env.STATEBENCH_DEBUG !== undefined && error instanceof Error) say(error.stack ?? '');
  else if (code === EXIT.harnessFailure && !isKnown(error))
    say('This should not happen. Run it again with --debug to see where, and report it.');
  return code;
}

const KNOWN: ReadonlySet<unknown> = new Set(['disk-full', 'no-whole-checkpoint', 'oracle-timeout']);

/** True for failures of the machine or the data that the message tells all about. */
function isKnown(error: unknown): boolean {
  return error instanceof Error && 'code' in error && KNOWN.has(error.code);
}

/** Text of a file or a module must not drive the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => (control === '\n' || control === '\t' ? control : '\u{fffd}'));
}

let readerGone: () => void = () => process.exit(EXIT.ok);

/**
 * A reader that goes away (`statebench list | head -1`, a terminal that is closed) is no error: there is nobody left to write for,
 * and the process ends, in the way that {@link onReaderGone} says.
 */
export function endQuietlyOnBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
      readerGone();
    });
  }
}

/** Ends in this way instead of at once; it is called for every write that fails. @returns undoes it */
export function onReaderGone(end: () => void): () => void {
  const before = readerGone;
  readerGone = end;
  return () => {
    readerGone = before;
  };
}

/** Settles when everything written to stdout and stderr has been taken, so that exiting cuts nothing off. */
export async function flushed(): Promise<void> {
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))));
}
