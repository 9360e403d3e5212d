/** Moves the first double of each of `count` elements of `width` doubles to the front, in order, over what was there. */
export function gatherValues(elements: Float64Array, count: number, width: number): void {
  if (width > 1) for (let i = 1; i < count; i++) elements[i] = elements[i * width]!;
}
