import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Restored } from '../job.ts';
import { nowNs } from '../measure/clock.ts';
import { memoryBytes } from '../measure/environment.ts';
import type { Output } from '../results.ts';
import { endWithParent } from './end-with-parent.ts';
import type { KilledPace, Message, Phase, ResultOf, Task } from './tasks.ts';

const PROGRAM = fileURLToPath(new URL('./process.js', import.meta.url));

/** The oracle keeps every key as an object of the heap, which by default takes a small part of the machine's memory. */
const ORACLE_HEAP = `--max-old-space-size=${Math.round((memoryBytes() * 0.75) / 2 ** 20)}`;

/** Reads a map at every import, which would make a trial's process start later where whoever runs it wants maps for himself. */
const SOURCE_MAPS = '--enable-source-maps';

/** What a death by a signal may mean. */
const SIGNALS: Readonly<Record<string, string>> = { SIGBUS: ' (a mapped file on a full disk does that)' };

/** How a process of a trial ended. */
export interface Outcome<K extends Task['kind']> {
  /** What it answered before it ended; null if it did not. */
  readonly result: ResultOf[K] | null;
  /** Why it did not, or why it ended before its time; null for an end that was wanted. */
  readonly failure: TaskFailure | null;
  /** When it was sent SIGKILL because it asked for it, at which event, and in which phase; null if it was not. */
  readonly killed: { readonly ns: number; readonly event: number; readonly phase: Phase; readonly pace: KilledPace | null } | null;
  /** What it said it was restored from, and the state it found; null if it did not say. */
  readonly restored: { readonly restored: Restored; readonly state: Output } | null;
}

export interface TaskFailure {
  readonly phase: Phase;
  readonly code: string;
  readonly message: string;
}

export interface ChildRequest<T extends Task> {
  readonly task: T;
  /** The phase a failure counts to until the process names one. */
  readonly phase: Phase;
  /** SIGKILL after this long, as a failure of code `timeout`. */
  readonly timeoutMs: number;
  /** Ends the process at once. */
  readonly signal: AbortSignal;
  /** Called with the pid as soon as the process is there, to watch it from outside. */
  readonly onSpawn?: (pid: number) => void;
  readonly onPhase?: (phase: Phase) => void;
  /** Called when the process waits, which it does until `goOn` is called. At once if absent. */
  readonly onWait?: (goOn: () => void) => void;
  /**
   * Called when the process asks for SIGKILL; it comes when `kill` is called, unless the process has ended by then. At once if absent.
   * One that waits goes on when `goOn` is called.
   */
  readonly onKillMe?: (kill: () => void, goOn: () => void) => void;
  /** Added to the process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Does one task in a fresh process. A process that dies, hangs or throws is an outcome, never an error here. */
export function runChild<T extends Task>({
  task,
  phase,
  timeoutMs,
  signal,
  onSpawn,
  onPhase,
  onWait = (goOn) => goOn(),
  onKillMe = (kill) => kill(),
  environment = {},
}: ChildRequest<T>): Promise<Outcome<T['kind']>> {
  return new Promise((resolve) => {
    const child = fork(PROGRAM, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'json',
      env: { ...process.env, ...environment },
      execArgv: [
        ...process.execArgv.filter((flag) => flag !== SOURCE_MAPS),
        ...(task.kind === 'expect' || task.kind === 'check-rows' ? [ORACLE_HEAP] : []),
      ],
    });
    const ended = child.pid === undefined ? null : endWithParent(child.pid);
    let result: ResultOf[Task['kind']] | null = null;
    let failure: TaskFailure | null = null;
    let killed: Outcome<T['kind']>['killed'] = null;
    let restored: Outcome<T['kind']>['restored'] = null;
    let current = phase;
    let complaint = '';
    const fail = (code: string, message: string) => {
      failure ??= { phase: current, code, message };
    };
    const timer = setTimeout(() => {
      fail('timeout', `no answer within ${Math.round(timeoutMs / 1000)} s`);
      child.kill('SIGKILL');
    }, timeoutMs);
    const abort = () => {
      fail('interrupted', 'the run was interrupted');
      child.kill('SIGKILL');
    };
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-4000);
    });
    const isThere = () => failure === null && child.exitCode === null && child.signalCode === null;
    const goOn = () => {
      if (isThere() && child.connected) child.send('go on');
    };
    child.on('message', (message: Message) => {
      if (message.type === 'phase') {
        current = message.phase;
        onPhase?.(current);
      } else if (message.type === 'kill-me') {
        const { event, pace = null } = message;
        const kill = () => {
          if (!isThere()) return;
          killed = { ns: nowNs(), event, phase: current, pace };
          child.kill('SIGKILL');
        };
        onKillMe(kill, goOn);
      } else if (message.type === 'waits') onWait(goOn);
      else if (message.type === 'restored') restored = message;
      else if (message.type === 'result') result = message.result;
      else fail(message.code, message.message);
    });
    child.on('exit', () => ended?.());
    child.on('error', (error) => fail('spawn', error.message));
    child.on('close', (code, signalName) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (killed === null && failure === null) {
        if (signalName !== null) fail(signalName, `the process died by ${signalName}${SIGNALS[signalName] ?? ''}${lastLine(complaint)}`);
        else if (code !== 0) fail('exit', `the process ended with code ${code}${lastLine(complaint)}`);
        else if (result === null) fail('no-result', 'the process ended without a result');
      }
      resolve({ result: result as ResultOf[T['kind']] | null, failure, killed, restored });
    });
    if (signal.aborted) abort();
    else {
      signal.addEventListener('abort', abort, { once: true });
      if (child.pid !== undefined) onSpawn?.(child.pid);
      child.send(task);
    }
  });
}

/** The last line a process said on its way out, which usually names the reason. */
function lastLine(complaint: string): string {
  const lines = complaint.trim().split('\n');
  const line = lines.findLast((text) => /error|abort|fatal|out of memory/i.test(text)) ?? lines.at(-1);
  return line ? `: ${line.trim().slice(0, 500)}` : '';
}
