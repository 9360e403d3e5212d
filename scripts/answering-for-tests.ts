/** A program for tests only: runs the command lines that its parent sends, one after the other, and answers with what each said. */
import { commandLine } from './command-line.ts';

/** What `write` of a stream is taken for while a command line runs. */
function caught(stream: NodeJS.WriteStream): { readonly text: () => string; readonly release: () => void } {
  const { write } = stream;
  let text = '';
  stream.write = ((chunk: string | Uint8Array, ...more: readonly unknown[]): boolean => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const done = more.at(-1);
    if (typeof done === 'function') done();
    return true;
  }) as typeof write;
  return {
    text: () => text,
    release: () => {
      stream.write = write;
    },
  };
}

process.on('disconnect', () => process.exit());
process.on('message', async (args: readonly string[]) => {
  const [stdout, stderr] = [caught(process.stdout), caught(process.stderr)];
  const code = await commandLine(args);
  stdout.release();
  stderr.release();
  process.send?.({ code, stdout: stdout.text(), stderr: stderr.text() });
});
