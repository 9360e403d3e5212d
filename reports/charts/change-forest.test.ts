// Proves that an axis of changes holds what it is for and "no change", and that its labels are exact and do not touch.
import test from 'ava';
import { generator } from '../fixtures.ts';
import { changeAxis } from './change-forest.ts';
import { textWidth } from './chart.ts';

test('any changes have an axis around no change, with exact labels that have room', (t) => {
  const seed = 4;
  const random = generator(seed);
  for (let round = 0; round < 3000; round++) {
    const spread = 10 ** (random() * 6 - 3);
    const ratios = Array.from({ length: 1 + Math.floor(random() * 8) }, () => Math.exp((random() - 0.5) * spread));
    const width = 60 + random() * 400;
    const { domain, ticks } = changeAxis(ratios, 0.05, width);
    const place = `seed ${seed}, round ${round}: ${ratios.join(' ')}`;
    t.true(
      ratios.concat(1).every((ratio) => ratio >= domain[0] && ratio <= domain[1]),
      place,
    );
    t.true(
      ticks.some(({ ratio }) => ratio === 1),
      place,
    );
    const at = (ratio: number) => (Math.log(ratio / domain[0]) / Math.log(domain[1] / domain[0])) * width;
    for (const [i, { ratio, label }] of ticks.entries()) {
      t.true(Math.abs(ratioOf(label) - ratio) < 1e-9 * ratio, `${place}: ${label} at ${ratio}`);
      const before = ticks[i - 1];
      if (before !== undefined) t.true(at(ratio) - at(before.ratio) > (textWidth(label) + textWidth(before.label)) / 2, place);
    }
  }
});

function ratioOf(label: string): number {
  const number = Number(label.replace(/[^\d.]/g, ''));
  if (label.startsWith('÷')) return 1 / number;
  if (label.startsWith('×')) return number;
  return 1 + (label.startsWith('−') ? -number : number) / 100;
}
