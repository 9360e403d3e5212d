import type { ExitCode } from '../harness/errors.ts';

/** Hands a command's exit code to the process. */
export type Finish = (code: ExitCode) => void;
