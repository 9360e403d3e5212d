/** The first Ctrl-C (or SIGTERM, SIGHUP) asks a run to end; the second ends it where it stands. */
import { EXIT, type ExitCode } from '../harness/errors.ts';

export interface StopSignals extends Disposable {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** What to exit with, once a signal came; null before. */
  exitCode(): ExitCode | null;
}

const CODES: Readonly<Record<string, ExitCode>> = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.terminated };

/** Listens until disposed of. @param onFirst tells the person that the first signal was heard. */
export function listenForStop(onFirst: () => void): StopSignals {
  const controller = new AbortController();
  let code: ExitCode | null = null;
  const listener = (signal: NodeJS.Signals): void => {
    const heard = CODES[signal] ?? EXIT.terminated;
    // Whatever has to die with this process (trials, servers) sees its end and does.
    if (code !== null) process.exit(heard);
    code = heard;
    onFirst();
    controller.abort();
  };
  for (const signal of Object.keys(CODES)) process.on(signal, listener);
  return {
    signal: controller.signal,
    exitCode: () => code,
    [Symbol.dispose]() {
      for (const signal of Object.keys(CODES)) process.off(signal, listener);
    },
  };
}
