// Proves that colours stand out in both themes: marks by 3:1 (WCAG 1.4.11), text by 4.5:1 (1.4.3).
import test from 'ava';
import { THEMES } from './style.ts';

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].toSorted((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

for (const [theme, colors] of Object.entries(THEMES)) {
  test(`${theme}: text and marks stand out`, (t) => {
    for (const name of ['ink', 'soft', 'accent', 'good', 'bad', 'amber']) {
      for (const ground of ['page', 'card', 'band']) {
        const got = contrast(colors.get(name)!, colors.get(ground)!);
        t.true(got >= 4.5, `--${name} on --${ground}: ${got.toFixed(2)}`);
      }
    }
    for (const name of ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'p1', 'p2', 'p3', 'p4', 'p5']) {
      const got = contrast(colors.get(name)!, colors.get('card')!);
      t.true(got >= 3, `--${name} on --card: ${got.toFixed(2)}`);
    }
  });
}
