// Proves that axes hold their values, name few of them, are logarithmic beyond a decade, and go there and back.
import test from 'ava';
import { generator } from '../fixtures.ts';
import { extentOf, fromPixel, toPixel } from './axis.ts';

test('any values have an axis', (t) => {
  const random = generator(9);
  for (let round = 0; round < 2000; round++) {
    const scale = 10 ** (random() * 14 - 4);
    const spread = 10 ** (random() * 7);
    const values = Array.from({ length: 1 + Math.floor(random() * 12) }, () => scale * spread ** random());
    const most = 4 + Math.floor(random() * 8);
    const extent = extentOf(values, most);
    const [min, max] = [Math.min(...values), Math.max(...values)];
    const place = `seed 9, round ${round}: ${values.join(' ')} -> ${JSON.stringify(extent)}`;
    t.is(extent.type, max / min > 10 ? 'log' : 'linear', place);
    t.true(extent.domain[0] <= min && extent.domain[1] >= max, place);
    t.true(extent.ticks.length >= 1 && extent.ticks.length <= most + 1, place);
    t.true(
      extent.ticks.every((tick) => tick >= extent.domain[0] && tick <= extent.domain[1]),
      place,
    );
    const pixel = toPixel(extent, 300, max);
    t.true(pixel >= 0 && pixel <= 300 && Math.abs(fromPixel(extent, 300, pixel) / max - 1) < 1e-9, place);
  }
});

test('zeros and nothing have a linear axis', (t) => {
  for (const values of [[], [0], [0, 0, 5e6]]) {
    const extent = extentOf(values, 5);
    t.is(extent.type, 'linear');
    t.true(Number.isFinite(extent.domain[1]) && extent.domain[1] > 0);
  }
});
