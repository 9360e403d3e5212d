/** The distributions that need no table. */
import { WorkloadError } from '../../contract.ts';
import { draw, drawKey, scaled } from '../random.ts';
import type { KeySampler } from './key-sampler.ts';
import type { Growth } from './regime.ts';

export function uniform(seed: number, bound: number): KeySampler {
  return (keys, position, count) => {
    const { first, second } = drawKey(seed, 'key', position);
    for (let i = 0; i < count; i++) keys[i] = scaled(draw(i, first, second), bound);
  };
}

export function growingUniform(seed: number, growth: Growth): KeySampler {
  return (keys, position, count) => {
    const { first, second } = drawKey(seed, 'key', position);
    for (let i = 0; i < count; i++) keys[i] = scaled(draw(i, first, second), growth.keysAt(position + i));
  };
}

/** Which keys are hot, and how many events they get. */
export interface Hotspot {
  readonly hotFraction: number;
  readonly hotShare: number;
}

/** @throws WorkloadError `impossible-settings` */
export function hotspot(seed: number, bound: number, { hotFraction, hotShare }: Hotspot): KeySampler {
  const hot = hotKeys(bound, { hotFraction, hotShare });
  const threshold = hotShare * 2 ** 32;
  return (keys, position, count) => {
    const choose = drawKey(seed, 'key', position);
    const within = drawKey(seed, 'key-within', position);
    for (let i = 0; i < count; i++) {
      const isHot = draw(i, choose.first, choose.second) < threshold;
      keys[i] = hotOrNot(isHot, draw(i, within.first, within.second), bound, hot);
    }
  };
}

/** The hot keys are the first to come, as many as `hotFraction` of those there are. @throws WorkloadError `impossible-settings` */
export function growingHotspot(seed: number, growth: Growth, { hotFraction, hotShare }: Hotspot): KeySampler {
  hotKeys(growth.keysAt(0), { hotFraction, hotShare });
  const threshold = hotShare * 2 ** 32;
  return (keys, position, count) => {
    const choose = drawKey(seed, 'key', position);
    const within = drawKey(seed, 'key-within', position);
    for (let i = 0; i < count; i++) {
      const bound = growth.keysAt(position + i);
      const isHot = draw(i, choose.first, choose.second) < threshold;
      keys[i] = hotOrNot(isHot, draw(i, within.first, within.second), bound, Math.ceil(hotFraction * bound));
    }
  };
}

function hotOrNot(isHot: boolean, word: number, bound: number, hot: number): number {
  return isHot ? scaled(word, hot) : hot + scaled(word, bound - hot);
}

function hotKeys(bound: number, { hotFraction, hotShare }: Hotspot): number {
  if (!(hotShare >= 0 && hotShare <= 1)) {
    throw new WorkloadError('impossible-settings', `hotShare must be from 0 to 1, not ${hotShare}: it is a share of the events`);
  }
  const hot = Math.ceil(hotFraction * bound);
  if (!(hot >= 1 && hot < bound)) {
    throw new WorkloadError(
      'impossible-settings',
      `hotFraction ${hotFraction} of ${bound} keys makes ${hot} hot ones; there must be at least 1 hot key and 1 other: choose hotFraction between 0 and 1`,
    );
  }
  return hot;
}
