export type ResultsErrorCode = 'results-missing' | 'results-newer' | 'results-invalid';

/** Results that cannot be read: the message names the file, the place in it, and what to do. */
export class ResultsError extends Error {
  readonly code: ResultsErrorCode;

  constructor(code: ResultsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ResultsError';
    this.code = code;
  }
}
