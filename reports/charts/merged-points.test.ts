// Proves that symbols drawn as one path stand where they stood, in their shape, and that what is not understood stays.
import test from 'ava';
import { mergedPoints } from './merged-points.ts';

const at = (x: number, y: number, d: string, rest = ' fill="var(--c1)"') => `<path transform="translate(${x},${y})" d="${d}"${rest}/>`;

test('symbols of one kind become one path, each where it stood', (t) => {
  t.is(
    mergedPoints(at(10, 20, 'M1.9,0L-1.9,-2.2L-1.9,2.2Z') + at(30.5, 2, 'M1.9,0L-1.9,-2.2L-1.9,2.2Z')),
    '<path d="M11.9,20l-3.8,-2.2l0,4.4zM32.4,2l-3.8,-2.2l0,4.4z" fill="var(--c1)"/>',
  );
  t.is(
    mergedPoints(at(1, 1, 'M2,0A2,2,0,1,1,-2,0A2,2,0,1,1,2,0') + at(5, 5, 'M2,0A2,2,0,1,1,-2,0A2,2,0,1,1,2,0')),
    '<path d="M3,1a2,2,0,1,1,-4,0a2,2,0,1,1,4,0M7,5a2,2,0,1,1,-4,0a2,2,0,1,1,4,0" fill="var(--c1)"/>',
  );
  t.is(
    mergedPoints(at(0, 0, 'M-2,-2h4v4h-4Z') + at(9, 9, 'M-2,-2h4v4h-4Z')),
    '<path d="M-2,-2l4,0l0,4l-4,0zM7,7l4,0l0,4l-4,0z" fill="var(--c1)"/>',
  );
});

test('other colours, other shapes, single symbols and unknown commands stay', (t) => {
  const triangle = 'M1.9,0L-1.9,-2.2L-1.9,2.2Z';
  for (const svg of [
    at(1, 1, triangle) + at(2, 2, triangle, ' fill="var(--c2)"'),
    at(1, 1, triangle) + at(2, 2, 'M0,-5L4,0Z'),
    at(1, 1, triangle),
    at(1, 1, 'M0,0Q1,1,2,2') + at(2, 2, 'M0,0Q1,1,2,2'),
  ])
    t.is(mergedPoints(svg), svg);
});
