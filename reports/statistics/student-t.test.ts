// Proves that t quantiles, p values, intervals and paired ratios are those of SciPy.
import test from 'ava';
import { pairedRatio } from './ratio.ts';
import { sampleOf } from './sample.ts';
import { criticalT, twoSidedP } from './student-t.ts';

// Golden values, SciPy 1.17.1:
//   for df in (1, 2, 3, 5, 9, 14, 39, 200): [stats.t.ppf(p, df) for p in (0.6, 0.95, 0.975, 0.995, 0.99943)]
const QUANTILES: readonly (readonly [number, readonly number[]])[] = [
  [1, [0.32491969623290634, 6.313751514675037, 12.706204736174694, 63.656741162871526, 558.4377999109757]],
  [2, [0.2886751345948128, 2.9199855803537242, 4.302652729749462, 9.924843200918287, 29.59211495683851]],
  [3, [0.2766706623326898, 2.3533634348018233, 3.1824463052837078, 5.840909309733355, 12.363564901562405]],
  [5, [0.2671808657041451, 2.0150483733330233, 2.5705818356363146, 4.032142983555228, 6.674983056612996]],
  [9, [0.260955336473911, 1.833112932656237, 2.262157162798205, 3.249835541592126, 4.6875488967788455]],
  [14, [0.25821265388905856, 1.761310135774891, 2.144786687917804, 2.9768427343708344, 4.073339915714395]],
  [39, [0.255082228169606, 1.6848751217112248, 2.022690920036761, 2.707913183517662, 3.512289019526005]],
  [200, [0.25368437919014747, 1.6525081009108769, 1.9718962236339088, 2.600634436191558, 3.3012238770067968]],
];
const RANKS = [0.6, 0.95, 0.975, 0.995, 0.99943];

const close = (got: number, wanted: number, tolerance = 1e-8) => Math.abs(got - wanted) <= tolerance * Math.abs(wanted);

test('quantiles are those of SciPy', (t) => {
  for (const [df, values] of QUANTILES) {
    for (const [i, wanted] of values.entries()) {
      const got = criticalT(2 * (1 - RANKS[i]!), df);
      t.true(close(got, wanted), `df ${df}, rank ${RANKS[i]}: got ${got}, SciPy ${wanted}`);
    }
  }
});

test('two-sided p values are those of SciPy', (t) => {
  // [2 * stats.t.sf(t, df) for t, df in ((0.5, 2), (2.5, 9), (12.0, 2), (40.0, 14))]
  const golden = [0.6666666666666667, 0.033861827682985735, 0.00687293367715846, 7.768790800228562e-16];
  const cases = [
    [0.5, 2],
    [2.5, 9],
    [12, 2],
    [40, 14],
  ] as const;
  for (const [i, [value, df]] of cases.entries())
    t.true(close(twoSidedP(value, df), golden[i]!, 1e-7), `${value}, ${df}: ${twoSidedP(value, df)}`);
  t.is(twoSidedP(0, 5), 1);
});

const A = [412.0, 398.5, 405.1, 420.7, 389.9];
const B = [301.2, 299.8, 310.4, 305.5, 296.3];
const byBlock = (values: readonly number[]) => new Map(values.map((value, i) => [i + 1, value]));

test('the interval of a geometric mean is that of SciPy', (t) => {
  // l = np.log(a); lo, hi = stats.t.interval(.95, n - 1, loc=l.mean(), scale=stats.sem(l)); stats.gmean(a), exp(lo), exp(hi)
  const sample = sampleOf(A)!;
  t.true(close(sample.mean!, 405.10043210664674));
  t.true(close(sample.interval!.low, 390.60369949431515));
  t.true(close(sample.interval!.high, 420.13519151366944));
  // np.std(a, ddof=1) / np.mean(a)
  t.true(close(sample.cv!, 0.029340212182797403));
  t.deepEqual([sample.n, sample.median, sample.min, sample.max], [5, 405.1, 389.9, 420.7]);
});

test('a paired ratio and its p value are those of SciPy', (t) => {
  // d = np.log(a / b); exp(mean), exp(mean -+ t.ppf(.975, n - 1) * sd / sqrt(n)); stats.ttest_rel(np.log(a), np.log(b)).pvalue
  const ratio = pairedRatio(byBlock(A), byBlock(B))!;
  t.true(close(ratio.ratio, 1.338728384015478));
  t.true(close(ratio.interval!.low, 1.299829470001886));
  t.true(close(ratio.interval!.high, 1.3787913934326266));
  t.true(close(ratio.p!, 1.0447933495067473e-5, 1e-7));
});

test('only blocks that both have are pairs, and two of them give no interval', (t) => {
  const ratio = pairedRatio(
    new Map([
      [1, 10],
      [2, 20],
      [7, 5],
    ]),
    new Map([
      [2, 10],
      [1, 5],
      [3, 1],
    ]),
  )!;
  t.is(ratio.n, 2);
  t.true(close(ratio.ratio, 2));
  t.is(ratio.interval, null);
  t.is(pairedRatio(new Map([[1, 1]]), new Map([[2, 1]])), null);
});
