/**
 * Monotonic time in nanoseconds, as a number. On Linux, macOS and Windows it counts from the start of the machine, so
 * that two processes read the same clock: what a killed process began, its successor can end.
 */
export function nowNs(): number {
  return Number(process.hrtime.bigint());
}
