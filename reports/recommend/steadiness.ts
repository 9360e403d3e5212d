import { percent } from '../quantity.ts';
import type { Recommendation } from '../recommend.ts';
import { listed } from './phrase.ts';
import { everyLimit, limitsIn } from './words.ts';

/** Whether the answer is steady, in a sentence or two; empty where there is nothing to say. */
export function steadinessOf({ stability, weightStability, choice, kind, contest, needs }: Recommendation): string {
  const ids = new Set(choice.picks.map(({ id }) => id));
  const nameOf = (id: string) => contest.contenders.find((one) => one.id === id)?.name ?? id;
  const parts: string[] = [];
  if (stability !== null) {
    const { draws, shares } = stability;
    const isSame = (answer: readonly string[]) => answer.length === ids.size && answer.every((id) => ids.has(id));
    const isPart = (answer: readonly string[]) => answer.length > 0 && answer.every((id) => ids.has(id));
    const sum = (of: (answer: readonly string[]) => boolean) => shares.reduce((all, one) => all + (of(one.ids) ? one.share : 0), 0);
    const count = (share: number) => Math.round(share * draws).toLocaleString('en-US');
    const same = sum(isSame);
    const part = sum(isPart) - same;
    const [other] = shares.filter(({ ids: answer }) => !isPart(answer));
    const otherwise =
      other === undefined
        ? ''
        : other.ids.length === 0
          ? `${limitsIn(needs) === 0 ? 'none' : `none shown to meet ${everyLimit(limitsIn(needs))}`} in ${count(other.share)}`
          : `${listed(other.ids.slice(0, 3).map(nameOf), 'or')} in ${count(other.share)}`;
    const rest = [part > 0 && kind === 'tie' ? `some of these alone in ${count(part)}` : '', otherwise].filter((text) => text !== '');
    parts.push(
      `The blocks drawn anew give the same answer in ${same === 1 ? 'all' : count(same)} of ${draws.toLocaleString('en-US')} draws${rest.length === 0 ? '' : `, ${listed(rest, 'and')}`}.`,
    );
  }
  if (weightStability !== null && kind === 'pick') {
    const share = weightStability.shares.reduce((all, one) => all + (one.ids.every((id) => ids.has(id)) ? one.share : 0), 0);
    parts.push(
      share === 1
        ? 'Weights changed by half change nothing.'
        : `With each weight changed by up to half it is the best in ${percent(share)} of cases: what matters most to you decides.`,
    );
  }
  return parts.join(' ');
}
