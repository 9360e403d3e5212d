/**
 * Named places on the checkpoint path where a process can be made to fail, to prove that what it leaves can be lived with. Imports
 * nothing, so that storages and the harness can both name them. `STATEBENCH_FAIL=POINT:FAULT[:NTH]` arms one point of a process:
 * the NTH time it is passed (1 if not said) the fault happens. Unset, a point costs one look at a constant.
 */

export const FAIL_POINTS = [
  /** A draft's directory is there, and nothing in it. */
  'draft-made',
  /** The cut is fixed, and nothing of it written. */
  'snapshot',
  /** The backend has written its files; half of them are synced and summed. */
  'half-written',
  /** All of the backend's files are synced. */
  'after-fsync',
  /** The names of the files are synced too. */
  'before-manifest',
  /** The draft is whole, under its draft's name. */
  'after-manifest',
  /** The checkpoint has its name, which is not synced yet. */
  'after-rename',
  /** The old checkpoint is about to be removed. */
  'before-delete',
  /** The old checkpoint has lost its name and is still there. */
  'amid-delete',
  /** The store is restored, and the pipeline's position is not. */
  'amid-restore',
  /** A job is open and has processed nothing. */
  'before-first-event',
  /** The sink has written its rows; they are not synced. */
  'sink-commit',
] as const;
export type FailPoint = (typeof FAIL_POINTS)[number];

/** `exit`: the process is gone at once, as by SIGKILL. `EIO`, `ENOSPC`: what a disk says. `stall`: nothing moves for two seconds. */
export const FAULTS = ['exit', 'EIO', 'ENOSPC', 'stall'] as const;
export type Fault = (typeof FAULTS)[number];

/** The environment variable that arms a point. */
export const FAIL_VARIABLE = 'STATEBENCH_FAIL';

/** The environment variable that names a file to make when the fault happens, so that one never reached is noticed. */
export const FAIL_MARK_VARIABLE = 'STATEBENCH_FAIL_MARK';

const STALL_MS = 2_000;
const MESSAGES = { EIO: 'i/o error', ENOSPC: 'no space left on device' } as const;

interface Armed {
  readonly point: FailPoint;
  readonly fault: Fault;
  readonly nth: number;
}

/** @throws RangeError with the list of what there is, if `setting` is not POINT:FAULT[:NTH]. */
export function readFailPoint(setting: string): Armed {
  const [named = '', happens = '', count = '1', ...rest] = setting.split(':');
  const point = FAIL_POINTS.find((name) => name === named);
  const fault = FAULTS.find((name) => name === happens);
  const nth = Number(count);
  if (point === undefined || fault === undefined || !Number.isSafeInteger(nth) || nth < 1 || rest.length > 0) {
    throw new RangeError(
      `${FAIL_VARIABLE}=${setting} is not POINT:FAULT[:NTH]. Points: ${FAIL_POINTS.join(', ')}. Faults: ${FAULTS.join(', ')}. Unset it to run without.`,
    );
  }
  return { point, fault, nth };
}

/** Passes a point; what is armed there happens, on the call's own stack. */
export type PassFailPoint = (point: FailPoint) => void;

/** What {@link failPoint} does where a point is armed. */
function armed({ point, fault, nth }: Armed): PassFailPoint {
  let passed = 0;
  return (at) => {
    if (at !== point || ++passed !== nth) return;
    markReached();
    if (fault === 'exit') process.kill(process.pid, 'SIGKILL');
    else if (fault === 'stall') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS);
    else throw Object.assign(new Error(`${fault}: ${MESSAGES[fault]} (made to happen at ${point})`), { code: fault });
  };
}

/** Synchronous: the process may be gone on the next line. */
function markReached(): void {
  const { [FAIL_MARK_VARIABLE]: file } = process.env;
  if (file !== undefined) process.getBuiltinModule('node:fs').writeFileSync(file, '');
}

const setting = process.env[FAIL_VARIABLE];

/** Null unless the environment arms a point: `failPoint?.('after-rename')`. A bad setting is refused when a point is first passed. */
export const failPoint: PassFailPoint | null = setting === undefined ? null : lazily(setting);

/** Whoever starts a process checks the setting with {@link readFailPoint}, where an error can be told; a module cannot. */
function lazily(text: string): PassFailPoint {
  let pass: PassFailPoint | null = null;
  return (at) => {
    pass ??= armed(readFailPoint(text));
    pass(at);
  };
}
