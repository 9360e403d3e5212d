/** Invents runs whose truth is known and counts how often the statistics say what is so. */
import { seededRandom } from '../../harness/random.ts';
import { PROPERTIES, type Property } from './properties.ts';

/** How often a property was true. */
export interface Counted {
  readonly property: Property;
  readonly rounds: number;
  readonly share: number;
  readonly isKept: boolean;
}

export interface SimulationRequest {
  readonly seed: number;
  /** Runs invented for each property. */
  readonly rounds: number;
  readonly signal?: AbortSignal;
  readonly onCounted?: (counted: Counted) => void;
}

/** Counts every property, each from the seed anew, so that one can be counted again by itself. Ends early on a signal. */
export function simulate({ seed, rounds, signal, onCounted }: SimulationRequest): readonly Counted[] {
  const all: Counted[] = [];
  for (const property of PROPERTIES) {
    if (signal?.aborted) break;
    const random = seededRandom(seed);
    let times = 0;
    for (let round = 0; round < rounds; round++) if (property.holds(random)) times++;
    const share = times / rounds;
    const counted = { property, rounds, share, isKept: isWithin(share, property, rounds) };
    all.push(counted);
    onCounted?.(counted);
  }
  return all;
}

/** A share that is just at its limit is counted above it half of the time: three standard errors of the count are let go. */
function isWithin(share: number, { least, most }: Property, rounds: number): boolean {
  const slack = (limit: number) => 3 * Math.sqrt((limit * (1 - limit)) / rounds);
  return share >= least - slack(least) && share <= most + slack(most);
}

/** `kept   94.9 % (93 to 97 %)  paired interval covers …` */
export function countedLine({ property: { name, least, most }, share, isKept }: Counted): string {
  const percent = (fraction: number) => (fraction * 100).toFixed(1).padStart(5);
  const limits =
    least === 0 && most === 1
      ? 'no promise'
      : least === 0
        ? `at most ${most * 100} %`
        : most === 1
          ? `at least ${least * 100} %`
          : `${least * 100} to ${most * 100} %`;
  return `${isKept ? 'kept  ' : 'BROKEN'} ${percent(share)} % (${limits})`.padEnd(34) + name;
}
