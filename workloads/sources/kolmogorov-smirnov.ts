/** Kolmogorov and Smirnov's test of a sample against a distribution function, for the tests of random sources. */

/** Greatest distance between the share of the sample up to x and `below(x)`, the share that should be there. Sorts the sample. */
export function kolmogorovSmirnov(sample: Float64Array, below: (x: number) => number): number {
  sample.sort();
  let distance = 0;
  for (let i = 0; i < sample.length; i++) {
    const wanted = below(sample[i]!);
    distance = Math.max(distance, wanted - i / sample.length, (i + 1) / sample.length - wanted);
  }
  return distance;
}

/** What the distance exceeds less than once in 1,000 times if the distribution is right (the asymptotic law; good from 100 on). */
export function kolmogorovSmirnovLimit(sampleSize: number): number {
  return 1.9495 / Math.sqrt(sampleSize);
}
