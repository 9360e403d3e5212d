/**
 * Sees that processes end with this one, even if this one dies by SIGKILL and they are stuck in a call that never returns: a shell
 * holds the reading end of a pipe whose only writing end is ours. It is told which processes there are, and kills them when the
 * kernel closes the pipe. It has a session of its own, so that no Ctrl-C at the terminal reaches it.
 */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

const GUARD = `
pids=
while read -r sign pid; do
  others=
  for other in $pids; do [ "$other" = "$pid" ] || others="$others $other"; done
  case $sign in +) pids="$others $pid" ;; *) pids=$others ;; esac
done
[ -z "$pids" ] || kill -KILL $pids`;

let guard: Socket | null = null;

function pipeToGuard(): Socket {
  if (guard !== null) return guard;
  const shell = spawn('/bin/sh', ['-c', GUARD], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const pipe = shell.stdin as Socket;
  // Without a shell, or should somebody kill it, a process still ends when it finds its parent gone.
  const forget = (): void => {
    guard = null;
  };
  shell.on('error', forget).on('exit', forget);
  pipe.on('error', forget);
  // It must not keep this process running.
  shell.unref();
  pipe.unref();
  guard = pipe;
  return pipe;
}

/** From now on the process of this pid is killed when this process ends. @returns to be called once it has ended by itself. */
export function endWithParent(pid: number): () => void {
  pipeToGuard().write(`+ ${pid}\n`);
  return () => {
    guard?.write(`- ${pid}\n`);
  };
}
