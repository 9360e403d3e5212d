/**
 * Starts a server so that it cannot outlive its owner, not even one that dies by SIGKILL.
 *
 * Between the two stands a guard, a shell that holds the reading end of a pipe whose only writing end the owner has.
 * When the owner dies the kernel closes the pipe, the guard reads its end and ends the server. The guard starts the
 * server itself, so that at no moment there is a server without a guard. Guard and server are in a session of their
 * own: a Ctrl-C at the terminal reaches the owner alone, which then stops its servers in its own order.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/**
 * $1 is the grace in tenths of a second, the rest the command. Prints the server's pid, waits, ends as the server ends.
 * `sleep` is asked for tenths so that nothing lingers once the server is gone.
 */
const GUARD = `
grace=$1; shift
"$@" </dev/null >&2 &
server=$!
echo "$server"
exec 3<&0
{ read -r _; kill -TERM "$server"
  while [ "$grace" -gt 0 ] && kill -0 "$server"; do sleep 0.1; grace=$((grace - 1)); done
  kill -KILL "$server"; } <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&- >/dev/null
wait "$server"; code=$?
kill -KILL "$watcher" 2>/dev/null
exit "$code"`;

export interface GuardedProcess {
  /** The server's own process, not the guard. */
  readonly pid: number;
  /** Settles when the server has ended, with its exit code; 128 + n if by signal n. */
  readonly exited: Promise<number>;
  /** Asks the server to end (SIGTERM), kills it after the grace, and settles once it is gone. */
  stop(): Promise<void>;
}

export interface GuardedCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Working directory of the server. */
  readonly directory: string;
  /** File that both its outputs are appended to. */
  readonly log: string;
  /** How long the server may take to end when asked, before it is killed; also after its owner's death. */
  readonly graceMs: number;
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** @throws Error if no shell can be started; a command that cannot be run exits with 126 or 127. */
export async function startGuarded({ command, args, directory, log, graceMs, environment = {} }: GuardedCommand): Promise<GuardedProcess> {
  const output = openSync(log, 'a', 0o600);
  let guard: ChildProcess;
  try {
    guard = spawn('/bin/sh', ['-c', GUARD, 'guard', String(Math.ceil(graceMs / 100)), command, ...args], {
      cwd: directory,
      env: { ...process.env, ...environment },
      detached: true,
      stdio: ['pipe', 'pipe', output],
    });
  } finally {
    closeSync(output);
  }
  const exited = new Promise<number>((resolve, reject) => {
    guard.once('error', reject);
    guard.once('exit', (code) => resolve(code ?? 137));
  });
  exited.catch(() => {}); // who waits for it sees the error; without anybody waiting it must not end the owner
  const pid = await Promise.race([readPid(guard), exited.then(() => Number.NaN)]);
  // The owner may end while its server runs: that is what the guard is for.
  guard.unref();
  return {
    pid,
    exited,
    async stop() {
      guard.ref();
      guard.stdin?.destroy();
      await exited;
    },
  };
}

/** The first line that the guard prints. */
async function readPid(guard: ChildProcess): Promise<number> {
  let line = '';
  for await (const chunk of guard.stdout ?? []) {
    line += chunk;
    if (line.includes('\n')) break;
  }
  return Number(line);
}
