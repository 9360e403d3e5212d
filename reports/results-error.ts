export type ResultsErrorCode = 'results-missing' | 'results-newer' | 'results-invalid' | 'cannot-compare' | 'bad-gate';

/** Results that cannot be read or compared: the message names the file, the place in it or the difference, and what to do. */
export class ResultsError extends Error {
  readonly code: ResultsErrorCode;

  constructor(code: ResultsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ResultsError';
    this.code = code;
  }
}
