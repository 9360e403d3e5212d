/**
 * Monotonic time in nanoseconds, as a number. On Linux, macOS and Windows it counts from the start of the machine, so
 * that two processes read the same clock: what a killed process began, its successor can end.
 */
export function nowNs(): number {
  return Number(process.hrtime.bigint());
}

/** Seconds since `startNs`, which is a time of {@link nowNs}. */
export function secondsSince(startNs: number): number {
  return (nowNs() - startNs) / 1e9;
}

/**
 * Watches for steps of the wall clock, for times that another program reads from it: they cannot be compared across a step.
 * @returns a function that gives how far the wall clock has moved against the monotonic clock, in ms
 */
export function watchWallClock(): () => number {
  const offset = (): number => Date.now() - nowNs() / 1e6;
  const before = offset();
  return () => offset() - before;
}
