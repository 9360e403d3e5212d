import type { PersistElsewhere, PersistPiece, PersistTask } from '../contract.ts';

/** Runs a task where it is called, for a caller that has no worker thread. */
export function inThisThread<Input, Kept>(task: PersistTask<Input, Kept>): PersistElsewhere {
  return ({ input, feed }) => task(input as Input, piecesOf(feed));
}

function* piecesOf(feed: Iterator<PersistPiece> | undefined): Iterable<PersistPiece> {
  for (let next = feed?.next(); next !== undefined && !next.done; next = feed?.next()) yield next.value;
}
