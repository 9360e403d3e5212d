// Proves that spectra are of the same rate for all where there is one, hold the percentiles of all trials together, and end
// where too few events are left.
import test from 'ava';
import type { CompletedTrial, Load } from '../../harness/results.ts';
import { inventResults, PROFILES, USUAL } from '../fixtures.ts';
import { mergeHistograms, percentileNs } from '../statistics/percentile.ts';
import { summarise } from '../statistics/summary.ts';
import { spectraByLoad, spectraInCommon, spectrumChart } from './latency-spectrum.ts';
import { looksOf } from './look.ts';

const results = inventResults({ ...USUAL, backends: 4, failing: [], wrong: [], profile: PROFILES.quick });
const looks = looksOf(results.plan);

function cellsWith(change: (load: Load) => Load | null) {
  const trials = results.trials.map((trial) => {
    if (trial.state === 'failed' || trial.latency === null) return trial;
    return { ...trial, latency: { ...trial.latency, loads: trial.latency.loads.flatMap((load) => change(load) ?? []) } };
  });
  return summarise(results.plan, trials).groups[0]!.candidates;
}
const cells = cellsWith((load) => load);

test('a spectrum is of every trial at the rate in common, by percentile', (t) => {
  const [spectra, ...others] = spectraInCommon(cells, looks);
  t.deepEqual(others, []);
  t.is(spectra?.title, 'Latency at 5.0 thousand events/s');
  t.deepEqual(
    spectra?.rows.map(({ label }) => label),
    cells.map(({ cell }) => cell.backend.name),
  );
  const { table } = spectrumChart(spectra!);
  const own = results.trials.filter((trial): trial is CompletedTrial => trial.state === 'completed' && trial.cell === cells[0]!.cell.id);
  const merged = mergeHistograms(own.map(({ latency }) => latency!.loads.find(({ fraction }) => fraction === null)!.latency));
  const p50 = table.columns.findIndex(({ title }) => title === '50 %, µs');
  t.true(Math.abs(Number(table.rows[0]![p50]) / (percentileNs(merged, 0.5)! / 1e3) - 1) < 0.05);
  t.is(table.columns.at(-2)?.title, '99.9 %, µs', 'of 15,000 events no ten are beyond 99.99 %');
});

test('without a rate in common each is told at the same part of its own, and void loads are left out', (t) => {
  const [spectra] = spectraInCommon(
    cellsWith((load) => (load.fraction === null ? null : load)),
    looks,
  );
  t.is(spectra?.title, 'Latency at 70 % of what each sustains', 'the load at 90 % is void');
  t.deepEqual(
    spectraInCommon(
      cellsWith((load) => ({ ...load, void: 'late' })),
      looks,
    ),
    [],
  );
  t.deepEqual(
    spectraByLoad(cells[0]!, looks)?.rows.map(({ label }) => label),
    ['10 %', '30 %', '50 %', '70 %', '5.0k/s'],
  );
});
