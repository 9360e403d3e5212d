// Proves that costs over the size of the state are drawn as measured, with the growth that fits where one does, and that rings stand
// where two backends change places.
import test from 'ava';
import type { CompletedTrial } from '../../harness/results.ts';
import { inventResults, PROFILES, USUAL } from '../fixtures.ts';
import { crossingsOf } from '../statistics/scaling.ts';
import { stateSizesOf } from '../statistics/state-sizes.ts';
import { summarise } from '../statistics/summary.ts';
import { costCharts } from './cost-over-size.ts';
import { drawSvg } from './draw.ts';
import { looksOf } from './look.ts';
import { sizeChart, sizeRows } from './throughput-over-size.ts';

const KEYS = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const { plan, trials } = inventResults({ ...USUAL, backends: 2, keys: KEYS, profile: PROFILES.quick, failing: [], wrong: [], leftOut: [] });

/** lmdb slows down in proportion to its keys, memory does not, and lmdb is the faster while they are few. */
const slowed = (trial: CompletedTrial): CompletedTrial => {
  const rate = trial.backend.name === 'lmdb' ? 4_000_000 / (1 + Number(trial.workload.settings.keys) / 100_000) : 1_000_000;
  const noise = 1 + 0.004 * (trial.block - 2);
  return { ...trial, throughput: { ...trial.throughput, eventsPerSecond: rate * noise } };
};
const run = summarise(
  plan,
  trials.map((trial) => (trial.state === 'completed' ? slowed(trial) : trial)),
);
const [sizes] = stateSizesOf(run);
const looks = looksOf(plan);

test('a chart a cost has the points, and the growth that fits best', async (t) => {
  const charts = costCharts(sizes!, looks);
  t.deepEqual(
    charts.map(({ title }) => title.replace(/ over .*/, '')),
    ['Time per event', 'Checkpoint', 'Restore'],
  );
  const [events] = charts;
  t.is(events!.table.rows.length, 2 * KEYS.length);
  t.regex(events!.description, /lmdb: .*, best fit O\(n\)\./);
  t.regex(events!.description, /memory: .*, best fit O\(1\)\./);
  for (const row of events!.table.rows) t.true(Math.abs(Number(row[3]) / Number(row[2]) - 1) < 0.06, row.join(' '));
  for (const width of [490, 316]) {
    const svg = await drawSvg(events!.spec(width));
    t.regex(svg, />lmdb O\(n\)</);
    t.regex(svg, />entries in the store \(log\)</);
    t.notRegex(svg, /NaN/);
  }
});

test('a ring stands where the lines cross, and is told', async (t) => {
  const rows = sizeRows(sizes!, looks);
  const crossings = crossingsOf(sizes!, 0.05);
  t.deepEqual(
    crossings.map(({ below, above }) => [below, above]),
    [['lmdb', 'memory']],
  );
  const chart = sizeChart(sizes!, rows, crossings);
  t.regex(chart.note, /rings: two change places/);
  const [without, withRing] = await Promise.all([sizeChart(sizes!, rows, []), chart].map((one) => drawSvg(one.spec(1040))));
  const rings = /<path [^>]*stroke="var\(--ink\)"[^>]*stroke-width="1.4"/g;
  t.is(without!.match(rings), null);
  t.is(withRing!.match(rings)?.length, 1);
});
