// Proves that labels never overlap each other or a point, and stay within the drawing, in crowds as reports have them.
import test from 'ava';
import { generator } from '../fixtures.ts';
import { textWidth } from './chart.ts';
import { placeLabels } from './labels.ts';

test('12 labels in a crowd do not overlap', (t) => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = generator(seed);
    const points = Array.from({ length: 12 }, (_, i) => ({ x: 60 + random() * 120, y: 80 + random() * 60, label: `backend-${i}` }));
    const boxes = placeLabels(points, [], 420, 260).map(({ x, y, align }, i) => {
      const width = textWidth(points[i]!.label);
      const left = align === 'left' ? x : align === 'right' ? x - width : x - width / 2;
      return { left, right: left + width, top: y - 6, bottom: y + 6 };
    });
    for (const [i, a] of boxes.entries()) {
      t.true(a.left >= 0 && a.right <= 420 && a.top >= 0 && a.bottom <= 260, `seed ${seed}: label ${i} is cut`);
      for (const b of boxes.slice(i + 1))
        t.false(a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom, `seed ${seed}`);
      for (const { x, y } of points)
        t.false(a.left < x && x < a.right && a.top < y && y < a.bottom, `seed ${seed}: label ${i} covers a point`);
    }
  }
});
