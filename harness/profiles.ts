/** How long a run measures, and what it may then decide (method: a run's structure). */
import type { Plan } from './results.ts';

export type Profile = Plan['profile'];
export type ProfileName = Profile['name'];

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  smoke: { name: 'smoke', blocks: 1, warmUpSeconds: 0.3, measuredSeconds: 1, smallestEffect: null },
  quick: { name: 'quick', blocks: 3, warmUpSeconds: 1, measuredSeconds: 3, smallestEffect: 0.25 },
  standard: { name: 'standard', blocks: 10, warmUpSeconds: 5, measuredSeconds: 15, smallestEffect: 0.05 },
  rigorous: { name: 'rigorous', blocks: 15, warmUpSeconds: 10, measuredSeconds: 30, smallestEffect: 0.05 },
};

export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[];

/** What each profile is for, in a sentence. */
export function describeProfile({ blocks, measuredSeconds, smallestEffect }: Profile): string {
  const length = `${blocks} ${blocks === 1 ? 'block' : 'blocks'} of ${measuredSeconds} s a trial`;
  return smallestEffect === null
    ? `${length}; shows that it works, decides nothing`
    : `${length}; decides effects of ${smallestEffect * 100} % and more`;
}
