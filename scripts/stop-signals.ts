/** The first Ctrl-C (or SIGTERM, SIGHUP, a reader gone away) asks a run to end; the second signal ends it where it stands. */
import { EXIT, type ExitCode } from '../harness/errors.ts';
import { onReaderGone, say } from './console.ts';

export interface StopSignals extends Disposable {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** What to exit with, once a signal came; null before. */
  exitCode(): ExitCode | null;
}

const CODES: Readonly<Record<string, ExitCode>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.terminated,
};

/** Listens until disposed of, and says that the first signal was heard. To be called before there is anything to clean up. */
export function listenForStop(): StopSignals {
  const controller = new AbortController();
  let code: ExitCode | null = null;
  const stop = (as: ExitCode): void => {
    code = as;
    controller.abort();
  };
  const listener = (signal: NodeJS.Signals): void => {
    const heard = CODES[signal] ?? EXIT.terminated;
    // Whatever has to die with this process (trials, servers) sees its end and does.
    if (code !== null) process.exit(heard);
    stop(heard);
    say('\nending, and writing what there is; once more to kill');
  };
  const listenAgain = onReaderGone(() => {
    if (code === null) stop(EXIT.interrupted);
  });
  for (const signal of Object.keys(CODES)) process.on(signal, listener);
  return {
    signal: controller.signal,
    exitCode: () => code,
    [Symbol.dispose]() {
      listenAgain();
      for (const signal of Object.keys(CODES)) process.off(signal, listener);
    },
  };
}
