// Proves that fits of growth are those of SciPy, that the class which made the points is found again, that poor fits and too few sizes are
// told, and that crossovers are found where they are, with intervals that cover them.
import test from 'ava';
import { generator, inventResults, normal, USUAL } from '../fixtures.ts';
import { crossoverOf, type SizedRates } from './crossover.ts';
import { bestFit, fitOf, GROWTHS, type Growth, POOR } from './growth.ts';
import { crossingsOf, scalingsOf } from './scaling.ts';
import { stateSizesOf } from './state-sizes.ts';
import { summarise } from './summary.ts';

const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7];
const pointsOf = (values: readonly number[]) => SIZES.map((n, i) => ({ n, y: values[i]! }));
const close = (got: number, wanted: number, tolerance = 1e-6) => Math.abs(got - wanted) <= tolerance * Math.max(1e-12, Math.abs(wanted));

test('fits are those of SciPy', (t) => {
  // x, _ = scipy.optimize.nnls(np.stack([1 / y, g(n) / y], 1), np.ones(5)); constant, slope, sqrt(mean((A @ x - 1)**2))
  const golden: readonly (readonly [readonly number[], Growth, number, number, number])[] = [
    [[410, 520, 610, 735, 830], 'O(1)', 547.8485639056478, 0, 0.24766346259439584],
    [[410, 520, 610, 735, 830], 'O(log n)', 94.55029806515728, 45.71158002123058, 0.010372612609326577],
    [[410, 520, 610, 735, 830], 'O(n)', 511.06798700715564, 3.448388295046093e-5, 0.1749242477665403],
    [[410, 520, 610, 735, 830], 'O(n log n)', 512.3640109031941, 2.109660135188065e-6, 0.17717042114074735],
    [[2.1, 3, 11.5, 103, 1010], 'O(1)', 2.625508299493208, 0, 0.7236288502995408],
    [[2.1, 3, 11.5, 103, 1010], 'O(log n)', 0, 0.3531755516840134, 0.6851849744703606],
    [[2.1, 3, 11.5, 103, 1010], 'O(n)', 1.9937180435981332, 9.93139257716081e-5, 0.01940792107171497],
    [[500, 480, 470, 465, 440], 'O(n)', 469.3520873558179, 0, 0.04192588002478146],
  ];
  for (const [values, growth, constant, slope, residual] of golden) {
    const fit = fitOf(pointsOf(values), growth);
    t.true(close(fit.constant, constant) && close(fit.slope, slope) && close(fit.residual, residual), JSON.stringify({ growth, fit }));
  }
});

test('the class that made the points is found again, with noise', (t) => {
  const seed = 4;
  const random = generator(seed);
  const made: Readonly<Record<Growth, (n: number) => number>> = {
    'O(1)': () => 500,
    'O(log n)': (n) => 100 + 50 * Math.log(n),
    'O(n)': (n) => 20 + n / 1000,
    'O(n log n)': (n) => 5 + n * Math.log(n) * 1e-4,
  };
  for (const growth of GROWTHS) {
    let found = 0;
    for (let i = 0; i < 100; i++) {
      const fit = bestFit(SIZES.map((n) => ({ n, y: made[growth](n) * Math.exp(normal(random) * 0.02) })))!;
      if (fit.growth === growth) found++;
      t.true(fit.residual < 0.06);
    }
    // A straight line and one times log n are near each other.
    t.true(found >= 85, `seed ${seed}: ${growth} found ${found} times of 100`);
  }
});

test('too few sizes have no fit, and a cliff has a poor one', (t) => {
  t.is(bestFit(pointsOf([1, 2, 3, 4, 5]).slice(0, 4)), null);
  t.true(bestFit(pointsOf([100, 100, 100, 900, 120]))!.residual > POOR);
});

const BLOCKS = 10;

/** Backends whose rates are equal at `crossing`, by so much apart a decade from it. */
function crossing(random: () => number, at: number, slope: number, noise: number): readonly SizedRates[] {
  return SIZES.map((n) => {
    const rates = (rate: number) => new Map(Array.from({ length: BLOCKS }, (_, block) => [block, rate * Math.exp(normal(random) * noise)]));
    return { n, one: rates(1e6 * Math.exp(slope * Math.log10(at / n))), other: rates(1e6) };
  });
}

test('a crossover is found where it is, by name, and its interval covers it', (t) => {
  const seed = 9;
  const random = generator(seed);
  let covered = 0;
  const rounds = 100;
  for (let i = 0; i < rounds; i++) {
    const found = crossoverOf(crossing(random, 3e5, 0.3, 0.03));
    if (found === null) continue;
    t.true(found.isFirstFasterBelow);
    t.true(found.low <= found.n && found.n <= found.high);
    if (found.low <= 3e5 && 3e5 <= found.high) covered++;
  }
  t.true(covered / rounds > 0.9, `seed ${seed}: covered ${covered} of ${rounds}`);
  const back = crossoverOf(crossing(random, 3e5, -0.3, 0.03))!;
  t.false(back.isFirstFasterBelow);
});

test('there is no crossover where one is faster throughout, where nothing is shown, or where they change places twice', (t) => {
  const random = generator(2);
  t.is(crossoverOf(crossing(random, 1e12, 0.3, 0.03)), null);
  t.is(crossoverOf(crossing(random, 3e5, 0.01, 0.2)), null);
  const there = crossing(random, 3e5, 0.5, 0.01);
  t.is(crossoverOf([...there.slice(0, 4), { ...there[0]!, n: 1e8 }]), null);
  t.is(crossoverOf(there.slice(0, 1)), null);
});

test('a run over sizes has claim, fit and residual of every backend that was right throughout', (t) => {
  const results = inventResults({ ...USUAL, backends: 4, keys: SIZES, failing: ['level'], wrong: [], leftOut: [] });
  const run = summarise(results.plan, results.trials);
  const [sizes] = stateSizesOf(run);
  const scalings = scalingsOf(sizes!);
  t.deepEqual([...new Set(scalings.map(({ backend }) => backend))].toSorted(), ['lmdb', 'memory', 'rocksdb']);
  for (const { claim, points, claimed, best, isPoor } of scalings) {
    t.is(points.length, 5);
    t.is(claimed!.growth, claim.growth);
    t.true(best!.foretold <= claimed!.foretold * 1.1);
    t.is(isPoor, best!.residual > POOR);
  }
  // The fixtures make the time of an event grow as a power of 0.06, which is nearest to a logarithm.
  t.true(scalings.filter(({ claim }) => claim.quantity === 'event').every(({ best }) => best!.growth === 'O(log n)'));
  t.deepEqual(crossingsOf(sizes!, 0.05), []);
});

test("Flink's state backends are fitted at the size that our stores had, and change places among themselves alone", (t) => {
  const results = inventResults({ ...USUAL, backends: 4, keys: SIZES, failing: [], wrong: [], leftOut: [] });
  const flink = ['lmdb', 'level'];
  const cells = results.plan.cells.map((cell) => ({ ...cell, ...(flink.includes(cell.backend.name) && { engine: 'flink' as const }) }));
  const trials = results.trials.map((trial) =>
    trial.state === 'completed' && flink.includes(trial.backend.name) ? { ...trial, liveState: null } : trial,
  );
  const scalingsIn = (kept: typeof cells) => {
    const ids = kept.map(({ id }) => id);
    const [sizes] = stateSizesOf(
      summarise(
        { ...results.plan, cells: kept },
        trials.filter(({ cell }) => ids.includes(cell)),
      ),
    );
    return scalingsOf(sizes!).filter(({ backend }) => flink.includes(backend));
  };
  for (const scalings of [scalingsIn(cells), scalingsIn(cells.filter(({ backend }) => flink.includes(backend.name)))]) {
    t.deepEqual([...new Set(scalings.map(({ claim }) => claim.quantity))], ['event', 'checkpoint'], 'a restore has no bytes');
    t.is(scalings.length, 4);
    for (const { points } of scalings)
      t.deepEqual(
        points.map(({ n }) => n),
        SIZES,
      );
  }
});
