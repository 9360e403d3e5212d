// Proves that the sizes of one workload are drawn together and those of different ones apart, by what was measured, without wrong outputs,
// and that the table behind says what was asked for and what was found.
import test from 'ava';
import { inventResults, PROFILES, USUAL } from '../fixtures.ts';
import type { Results } from '../read-results.ts';
import { stateSizesOf } from '../statistics/state-sizes.ts';
import { summarise } from '../statistics/summary.ts';
import { drawSvg } from './draw.ts';
import { looksOf } from './look.ts';
import { sizeChart, sizeRows } from './throughput-over-size.ts';

const KEYS = [1_000_000, 1_000, 10_000, 100_000];
const WANTED = { ...USUAL, backends: 4, keys: KEYS, profile: PROFILES.quick, failing: [], wrong: ['level'], leftOut: [] };
const results = inventResults(WANTED);

const chartsOf = ({ plan, trials }: Results) =>
  stateSizesOf(summarise(plan, trials)).map((sizes) => {
    const rows = sizeRows(sizes, looksOf(plan));
    return { sizes, rows, chart: sizeChart(sizes, rows, []) };
  });

test('one workload with several numbers of keys is one chart, by size ascending', (t) => {
  const [only, ...more] = chartsOf(results);
  t.deepEqual(more, []);
  t.is(only?.sizes.name, 'flights-delays');
  t.deepEqual(
    only?.sizes.sizes.map(({ keys }) => keys),
    [1_000, 10_000, 100_000, 1_000_000],
  );
  const backends = new Set(only?.rows.map(({ label }) => label));
  t.deepEqual([...backends].toSorted(), ['lmdb', 'memory', 'rocksdb'], 'a wrong output is no point, the null backend no candidate');
  t.is(only?.rows.length, 3 * 4);
});

test('the table has every cell, the wrong ones without a figure; only what was measured is said', (t) => {
  const { chart } = chartsOf(results)[0]!;
  t.is(chart.table.rows.length, 4 * 4);
  const memory = chart.table.rows.filter(([backend]) => backend === 'memory');
  t.deepEqual(
    memory.map((row) => row.slice(1, 4)),
    [
      ['1,000', '1,000', '48 kB'],
      ['10,000', '10,000', '480 kB'],
      ['100,000', '100,000', '4.8 MB'],
      ['1,000,000', '1,000,000', '48 MB'],
    ],
  );
  t.regex(String(memory[0]![5]), /^\S+ to \S+$/);
  const level = chart.table.rows.find(([backend]) => backend === 'level')!;
  t.deepEqual(level.slice(4), [null, null, '✕ wrong']);
  t.regex(chart.description, /memory: \S+ with 1,000, \S+ with 1,000,000\. lmdb: /);
});

test('it draws at both widths, with a point for every row', async (t) => {
  const { chart, rows } = chartsOf(results)[0]!;
  for (const width of [1040, 316]) {
    const svg = await drawSvg(chart.spec(width));
    t.regex(svg, /1,000,000|100,000/);
    t.is(svg.match(/NaN/), null);
    // Filled marks of the points alone: lines and bars have a stroke. Those of one backend may be one path of several parts.
    const marks = [...svg.matchAll(/<path[^>]*? d="([^"]*)"[^>]* fill="var\(--c\d\)"/g)].map(
      ([, shape]) => shape!.match(/M/g)?.length ?? 0,
    );
    t.is(
      marks.reduce((sum, count) => sum + count, 0),
      rows.length,
      svg.slice(0, 500),
    );
  }
});

test('other workloads, other settings, one size alone, and a state that was empty or not counted are no points', (t) => {
  t.deepEqual(chartsOf(inventResults({ ...WANTED, keys: [331], workloads: ['a', 'b'] })), []);
  t.is(chartsOf(inventResults({ ...WANTED, workloads: ['a', 'b'] })).length, 2);
  t.is(chartsOf(inventResults({ ...WANTED, batchSizes: [1, 1024] })).length, 2);
  const cells = results.plan.cells.map((cell, i) => {
    return { ...cell, workload: { ...cell.workload, settings: { ...cell.workload.settings, size: i < 5 ? 1 : 2 } } };
  });
  const apart = stateSizesOf(summarise({ ...results.plan, cells }, results.trials));
  t.deepEqual(
    apart.map(({ sizes }) => sizes.length),
    [3],
  );
  const [empty] = stateSizesOf(summarise(results.plan, results.trials));
  const emptied = results.trials.map((trial) =>
    trial.state === 'failed' ? trial : { ...trial, liveState: trial.workload.name.endsWith('@1000') ? { entries: 0, bytes: 0 } : null },
  );
  const [sizes] = stateSizesOf(summarise(results.plan, emptied));
  t.is(empty?.sizes.length, 4);
  t.deepEqual(sizeRows(sizes!, looksOf(results.plan)), []);
});
