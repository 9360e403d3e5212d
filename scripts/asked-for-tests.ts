/** For tests of many command lines that only say something: one process runs them all, since to start one is most of what each would cost. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const PROGRAM = fileURLToPath(new URL('./answering-for-tests.js', import.meta.url));

/** What a command line said, and what it would have exited with. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Gives what runs command lines in `folder`, one after the other. The process ends with the tests of the file. */
export function commandLinesIn(folder: string): (args: readonly string[]) => Promise<Answer> {
  let child: ChildProcess | null = null;
  let ended: Promise<never> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  test.after.always('end the process that ran command lines', () => {
    if (child?.connected) child.disconnect();
  });
  const start = (): ChildProcess => {
    const { STATEBENCH_DEBUG: _, ...env } = process.env;
    const started = fork(PROGRAM, { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    ended = once(started, 'exit').then(([code, signal]) => {
      throw new Error(`the process that runs command lines ended (${signal ?? code})`);
    });
    // Heard of by whoever asks.
    ended.catch(() => {});
    return started;
  };
  const ask = async (args: readonly string[]): Promise<Answer> => {
    child ??= start();
    const answered = once(child, 'message');
    child.send(args);
    const [answer] = (await Promise.race([answered, ended!])) as [Answer];
    return answer;
  };
  return (args) => {
    const answer = last.then(() => ask(args));
    last = answer.catch(() => {});
    return answer;
  };
}
