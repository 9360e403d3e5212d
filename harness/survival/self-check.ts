export interface SelfCheckRequest {
  /** The check's own: not there yet, removed by it. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** Something wrong, planted on purpose, that the harness has to see; or something right, that it must not complain of. */
export interface SelfCheck {
  readonly name: string;
  /** Says what was seen. `passed` if that is what had to be seen. */
  run(request: SelfCheckRequest): Promise<{ readonly passed: boolean; readonly seen: string }>;
}
