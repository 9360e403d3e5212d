/** How long a run measures, and what it may then decide (method: a run's structure). */
import type { Plan } from './results.ts';

export type Profile = Plan['profile'];
export type ProfileName = Profile['name'];

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  smoke: { name: 'smoke', blocks: 1, warmUpSeconds: 0.3, measuredSeconds: 1, smallestEffect: null, sequential: null },
  quick: { name: 'quick', blocks: 3, warmUpSeconds: 1, measuredSeconds: 3, smallestEffect: 'twins', sequential: null },
  // Many short blocks decide more in the same time than few long ones: the simulation of block lengths in docs/statistics.md.
  standard: { name: 'standard', blocks: 12, warmUpSeconds: 1.5, measuredSeconds: 5, smallestEffect: 'twins', sequential: null },
  rigorous: {
    name: 'rigorous',
    blocks: 40,
    warmUpSeconds: 10,
    measuredSeconds: 30,
    smallestEffect: 'twins',
    sequential: { looks: [10, 15, 20, 30, 40], fewestBlocks: 15, halfWidth: 0.05, timeLimitSeconds: null },
  },
};

export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[];

/** What each profile is for, in a sentence. */
export function describeProfile({ blocks, measuredSeconds, smallestEffect, sequential }: Profile): string {
  const count = sequential === null ? String(blocks) : `${sequential.fewestBlocks} to ${blocks}`;
  const until = sequential === null ? '' : `, until every pair of backends is known to ${sequential.halfWidth * 100} %`;
  const length = `${count} ${blocks === 1 ? 'block' : 'blocks'} of ${measuredSeconds} s a trial${until}`;
  if (smallestEffect === null) return `${length}; shows that it works, decides nothing`;
  return `${length}; ${smallestEffect === 'twins' ? 'decides effects as small as its own A/A allows, at least 5 %' : `decides effects of ${smallestEffect * 100} % and more`}`;
}
