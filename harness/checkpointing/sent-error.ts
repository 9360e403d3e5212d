import { CheckpointError, type CheckpointErrorCode } from '../../backends/checkpoints/contract.ts';
import { BackendError, type BackendErrorCode } from '../../backends/contract.ts';

/** An error as plain data: `structuredClone` drops an error's code. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | number | undefined;
  readonly cause: SentError | undefined;
}

export function sendError(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined, code: undefined, cause: undefined };
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    cause: error.cause === undefined ? undefined : sendError(error.cause),
  };
}

/** The error that was sent, of the same class where callers rely on it. */
export function receiveError({ name, message, stack, code, cause }: SentError): Error {
  const options = cause === undefined ? {} : { cause: receiveError(cause) };
  const error = ofClass(name, message, code, options);
  if (stack !== undefined) error.stack = stack;
  return error;
}

function ofClass(name: string, message: string, code: SentError['code'], options: ErrorOptions): Error {
  if (name === 'CheckpointError') return new CheckpointError(code as CheckpointErrorCode, message, options);
  if (name === 'BackendError') return new BackendError(code as BackendErrorCode, message, options);
  return Object.assign(new Error(message, options), { name }, code !== undefined && { code });
}
