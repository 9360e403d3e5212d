/** The errors that statebench itself throws, what each makes the process exit with, and the nearest right word. */

/** What every command exits with. Once released these numbers do not change. */
export const EXIT = {
  ok: 0,
  harnessFailure: 1,
  usage: 2,
  backendFailed: 3,
  gateFailed: 4,
  tooNoisy: 5,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_OF_CODE = {
  /** A command or option of the command line that there is not. */
  'bad-command-line': EXIT.usage,
  /** `NAME[@label][:k=v,…]` that cannot be read. */
  'bad-spec': EXIT.usage,
  'unknown-name': EXIT.usage,
  'unknown-option': EXIT.usage,
  'bad-value': EXIT.usage,
  /** A module that cannot be loaded or lacks an export. */
  'bad-module': EXIT.usage,
  'bad-suite': EXIT.usage,
  'duplicate-name': EXIT.usage,
  /** A results folder that cannot be written to, is in use, or has too little space. */
  'bad-folder': EXIT.usage,
  /** Space ran out while results were written; what was written before is whole. */
  'disk-full': EXIT.harnessFailure,
  /** The independent answer took too long to compute. */
  'oracle-timeout': EXIT.harnessFailure,
  /** A run whose plan, modules or machine are not what they were. */
  'cannot-resume': EXIT.usage,
  'results-missing': EXIT.usage,
  'results-newer': EXIT.usage,
  'results-invalid': EXIT.usage,
  /** Runs of other work: figures of the two mean different things. */
  'cannot-compare': EXIT.usage,
  'bad-gate': EXIT.usage,
  /** A package, server or file that this machine lacks; the message says how to get it. */
  unavailable: EXIT.usage,
  'missing-data': EXIT.usage,
  'bad-data': EXIT.usage,
  'impossible-settings': EXIT.usage,
  /** A checkpoint that is not what was asked for: of another backend or workload, foreign, or of a later format. */
  'bad-checkpoint': EXIT.usage,
  /** Checkpoints were found, and every one is damaged. */
  'no-whole-checkpoint': EXIT.harnessFailure,
  /** The wall clock was set during a trial whose times another program takes from it. */
  'clock-stepped': EXIT.harnessFailure,
  'backend-failed': EXIT.backendFailed,
  'gate-failed': EXIT.gateFailed,
  'too-noisy': EXIT.tooNoisy,
  interrupted: EXIT.interrupted,
  terminated: EXIT.terminated,
  /** Something that should not happen. */
  harness: EXIT.harnessFailure,
} as const;

export type ErrorCode = keyof typeof EXIT_OF_CODE;

/** An error with a code that callers can rely on; the message says what was tried, what was got, and what to do. */
export class StatebenchError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StatebenchError';
    this.code = code;
  }
}

const OUR_ERRORS: ReadonlySet<string> = new Set(['StatebenchError', 'WorkloadError', 'BackendError', 'CheckpointError', 'ResultsError']);

/** What the process exits with after `error`: by its code, whichever of our classes it is; 1 for anything else. */
export function exitCodeOf(error: unknown): ExitCode {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const ours = error instanceof Error && OUR_ERRORS.has(error.name);
  if (ours && typeof code === 'string' && Object.hasOwn(EXIT_OF_CODE, code)) return EXIT_OF_CODE[code as ErrorCode];
  return EXIT.harnessFailure;
}

/** The text of an error for a person: its message and those of its causes, without stacks. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  if (cause === undefined) return message;
  const why = messageOf(cause);
  return message.includes(why) ? message : `${message}: ${why}`;
}

/** Whether an error, or what caused it, is a full disk: by the code of Node or SQLite, by the words of stores that have no code for it. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'SQLITE_FULL' || /no space left on device|disk is full/i.test(error.message)) return true;
  return isDiskFull(error.cause);
}

/** Words longer than this are not worth comparing. */
const LONGEST_WORD = 64;

/**
 * The candidate nearest to `name`: one it is the beginning of, or one at most a third of its letters away.
 * @returns null if none is near enough to be meant.
 */
export function suggest(name: string, candidates: Iterable<string>): string | null {
  const wanted = name.toLowerCase();
  if (wanted.length === 0 || wanted.length > LONGEST_WORD) return null;
  let nearest: string | null = null;
  let nearestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const word = candidate.toLowerCase();
    if (word.length > LONGEST_WORD) continue;
    const begins = wanted.length >= 3 && word.startsWith(wanted);
    const distance = begins ? 1 : editDistance(wanted, word);
    if (distance < nearestDistance) {
      nearest = candidate;
      nearestDistance = distance;
    }
  }
  return nearest;
}

/** ` Did you mean 'x'?` or the list to choose from: the end of every message about an unknown word. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const near = suggest(name, candidates);
  if (near !== null) return ` Did you mean '${near}'?`;
  return candidates.length === 0 ? '' : ` There is: ${candidates.join(', ')}.`;
}

/** Damerau–Levenshtein distance in its restricted form (optimal string alignment): insert, delete, replace, swap neighbours. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, beforeLast[j - 2]! + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
