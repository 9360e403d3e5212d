const RUN = /<path transform="translate\([^)]*\)" d="([^"]*)"([^>]*)\/>(?:<path transform="translate\([^)]*\)" d="\1"\2\/>)+/g;
const PLACE = /translate\((-?[\d.]+),(-?[\d.]+)\)/g;
const SHAPE = /^(?:[MLHVAZhvlz][^A-Za-z]*)+$/;
const COMMAND = /([MLHVAZhvlz])([^A-Za-z]*)/g;

/** Symbols of one shape and colour that stand one after the other in a drawing, as one path: a third of the bytes. */
export function mergedPoints(svg: string): string {
  return svg.replace(RUN, (run: string, shape: string, attributes: string) => {
    const relative = relativeShape(shape);
    if (relative === null) return run;
    const points = [...run.matchAll(PLACE)].map(
      ([, x, y]) => `M${tidy(Number(x) + relative.x)},${tidy(Number(y) + relative.y)}${relative.rest}`,
    );
    return `<path d="${points.join('')}"${attributes}/>`;
  });
}

const tidy = (value: number) => String(Number(value.toFixed(1)));

/** A shape that begins at a point, with all that follows relative to it; null if it has a command that is not known here. */
function relativeShape(shape: string): { readonly x: number; readonly y: number; readonly rest: string } | null {
  if (!SHAPE.test(shape)) return null;
  let [x, y] = [0, 0];
  let start: { readonly x: number; readonly y: number } | null = null;
  let rest = '';
  const to = (nextX: number, nextY: number): string => {
    const text = `${tidy(nextX - x)},${tidy(nextY - y)}`;
    [x, y] = [nextX, nextY];
    return text;
  };
  for (const [, command, given] of shape.matchAll(COMMAND)) {
    const numbers = (given ?? '')
      .split(/[ ,]+/)
      .filter((text) => text !== '')
      .map(Number);
    const [a = 0, b = 0] = numbers;
    if (numbers.some(Number.isNaN)) return null;
    if (command === 'M' && start === null && numbers.length === 2) {
      [x, y] = [a, b];
      start = { x, y };
    } else if (command === 'L' && numbers.length === 2) rest += `l${to(a, b)}`;
    else if (command === 'H' && numbers.length === 1) rest += `l${to(a, y)}`;
    else if (command === 'V' && numbers.length === 1) rest += `l${to(x, a)}`;
    else if (command === 'h' && numbers.length === 1) rest += `l${to(x + a, y)}`;
    else if (command === 'v' && numbers.length === 1) rest += `l${to(x, y + a)}`;
    else if (command === 'A' && numbers.length === 7) rest += `a${numbers.slice(0, 5).join(',')},${to(numbers[5]!, numbers[6]!)}`;
    else if (command === 'Z' || command === 'z') rest += 'z';
    else return null;
  }
  return start === null ? null : { ...start, rest };
}
