// Proves that labels at the ends of lines never touch and stay within the drawing.
import test from 'ava';
import { generator } from '../fixtures.ts';
import { apart, LABEL_HEIGHT } from './end-labels.ts';

test('labels beside the ends of lines do not touch and stay within', (t) => {
  const seed = 12;
  const random = generator(seed);
  for (let round = 0; round < 2000; round++) {
    const wanted = Array.from({ length: 1 + Math.floor(random() * 12) }, () => random() * 200);
    const placed = apart(wanted, 200).toSorted((a, b) => a - b);
    const place = `seed ${seed}, round ${round}: ${wanted.join(' ')}`;
    t.true(
      placed.every((at, i) => at >= 0 && at <= 200 && (i === 0 || at - placed[i - 1]! > LABEL_HEIGHT - 0.01)),
      place,
    );
  }
});
