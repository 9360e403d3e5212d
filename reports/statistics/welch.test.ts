// Proves that unpaired ratios, the power of a t test and the effect it can detect are those of SciPy.
import test from 'ava';
import { detectableEffect, powerOf } from './detectable-effect.ts';
import { normalCdf } from './normal.ts';
import { criticalT, twoSidedP } from './student-t.ts';
import { verdictOf } from './verdict.ts';
import { welchRatio } from './welch.ts';

const close = (got: number, wanted: number, tolerance = 1e-7) => Math.abs(got - wanted) <= tolerance * Math.abs(wanted);

// Golden values, SciPy 1.17.1.
const A = [412.0, 398.5, 405.1, 420.7, 389.9];
const B = [301.2, 299.8, 310.4, 305.5, 296.3, 333.0, 288.0];

test('the ratio of two runs, its degrees of freedom, interval and p value are those of SciPy', (t) => {
  // r = stats.ttest_ind(np.log(a), np.log(b), equal_var=False); r.df, r.pvalue, np.exp(r.confidence_interval(.95))
  const ratio = welchRatio(A, B)!;
  t.true(close(ratio.ratio, 1.3299079385488624));
  t.true(close(ratio.df!, 9.948939743118991));
  t.true(close(ratio.p!, 1.3227439682793933e-7, 1e-6));
  t.true(close(ratio.interval!.low, 1.267014303381793));
  t.true(close(ratio.interval!.high, 1.3959235663674514));
  const wider = welchRatio(A, B, 0.01)!;
  t.true(close(wider.interval!.low, 1.241311832161585));
  t.true(close(wider.interval!.high, 1.4248274117675968));
  t.is(ratio.n, 5);
});

test('exchanging the sides turns ratio and interval around', (t) => {
  const [there, back] = [welchRatio(A, B)!, welchRatio(B, A)!];
  t.true(close(there.ratio * back.ratio, 1));
  t.true(close(there.interval!.low * back.interval!.high, 1));
  t.is(there.p, back.p);
});

test('quantiles and p values at fractional degrees of freedom are those of SciPy', (t) => {
  t.true(close(criticalT(0.05, 3.37), 2.993626519609903));
  t.true(close(criticalT(0.01, 3.37), 5.248287429330046));
  t.true(close(criticalT(0.01, 7.77), 3.384451746758295));
  t.true(close(twoSidedP(2.2, 5.5), 0.07418120713980836));
});

test('what has no logarithm has no ratio, and what is too few has no interval', (t) => {
  t.is(welchRatio([], B), null);
  t.is(welchRatio(A, [0, 1, 2]), null);
  const two = welchRatio([2, 2.1], B)!;
  t.deepEqual([two.interval, two.p, two.df], [null, null, null]);
  t.is(verdictOf(two, 0.05).word, 'insufficient');
  const one = welchRatio([2], [1])!;
  t.deepEqual([one.ratio, one.interval], [2, null]);
  const still = welchRatio([5, 5, 5], [5, 5, 5])!;
  t.deepEqual([still.ratio, still.p, still.interval], [1, 1, { low: 1, high: 1 }]);
});

test('the normal distribution is that of SciPy', (t) => {
  // [stats.norm.cdf(x) for x in (-6, -2.5, -1, 0, 0.3, 1.96, 5)]
  const golden = [
    [-6, 9.865876450376946e-10],
    [-2.5, 0.006209665325776132],
    [-1, 0.15865525393145707],
    [0, 0.5],
    [0.3, 0.6179114221889526],
    [1.96, 0.9750021048517795],
    [5, 0.9999997133484281],
  ] as const;
  for (const [x, wanted] of golden) t.true(Math.abs(normalCdf(x) - wanted) < 2e-15, `${x}: ${normalCdf(x)}`);
  t.deepEqual([normalCdf(-40), normalCdf(40)], [0, 1]);
});

test('the power of a t test is that of the noncentral t distribution of SciPy', (t) => {
  // c = stats.t.ppf(1 - alpha / 2, df); stats.nct.sf(c, df, delta) + stats.nct.cdf(-c, df, delta)
  const golden = [
    [0.5, 2, 0.05, 0.06150785655602508],
    [3, 2, 0.05, 0.38740012852597105],
    [4, 9, 0.05, 0.9437178324456257],
    [2, 14, 0.01, 0.21014857065531847],
    [3.5, 39, 0.0025, 0.6070869460983005],
    [1, 1, 0.05, 0.07298889446967004],
    [8, 2, 0.01, 0.4763073622049703],
  ] as const;
  for (const [delta, df, alpha, wanted] of golden)
    t.true(close(powerOf(delta, df, alpha), wanted, 1e-6), `${delta}, ${df}, ${alpha}: ${powerOf(delta, df, alpha)}`);
});

test('the detectable effect is where SciPy has a power of 0.9', (t) => {
  // brentq(lambda delta: power(delta, df, alpha) - .9, 0.1, 200)
  const golden = [
    [1, 0.05, 20.964473420099793],
    [2, 0.05, 6.795612156884754],
    [9, 0.05, 3.6510550715645347],
    [9, 0.0125, 4.613789894828578],
    [14, 0.01, 4.394194498382196],
    [39, 0.01, 4.030998514392151],
  ] as const;
  for (const [df, alpha, delta] of golden) {
    const found = Math.log1p(detectableEffect({ standardError: 0.01, df, alpha })) / 0.01;
    t.true(close(found, delta, 1e-6), `${df}, ${alpha}: ${found}`);
  }
  t.is(detectableEffect({ standardError: 0.01, df: 9.9, alpha: 0.05 }), detectableEffect({ standardError: 0.01, df: 9, alpha: 0.05 }));
  t.is(detectableEffect({ standardError: 0, df: 9, alpha: 0.05 }), 0);
});
