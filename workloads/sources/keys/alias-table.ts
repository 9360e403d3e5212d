/** A way to draw from any discrete distribution with one word and no search. */
export interface AliasTable {
  readonly keepBelow: Float64Array;
  readonly alias: Uint32Array;
}

/**
 * Walker's alias method, Vose's way to build it, for weights that are not negative: cell c stands for itself where a word is
 * below `keepBelow[c]`, else for `alias[c]`.
 */
export function aliasTable(weights: Float64Array): AliasTable {
  const cells = weights.length;
  let total = 0;
  for (const weight of weights) total += weight;
  const share = weights.map((weight) => (weight * cells) / total);
  const keepBelow = new Float64Array(cells).fill(2 ** 32);
  const alias = new Uint32Array(cells);
  const small: number[] = [];
  const large: number[] = [];
  for (const [cell, value] of share.entries()) (value < 1 ? small : large).push(cell);
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop()!;
    const rich = large.at(-1)!;
    keepBelow[poor] = share[poor]! * 2 ** 32;
    alias[poor] = rich;
    share[rich] = share[rich]! + share[poor]! - 1;
    if (share[rich]! < 1) small.push(large.pop()!);
  }
  return { keepBelow, alias };
}

/** The cell that a word 0 … 2^32 − 1 draws; each has its share to within 2^−32. */
export function drawnCell({ keepBelow, alias }: AliasTable, word: number): number {
  const column = word * keepBelow.length;
  const cell = Math.floor(column / 2 ** 32);
  return column - cell * 2 ** 32 < keepBelow[cell]! ? cell : alias[cell]!;
}
