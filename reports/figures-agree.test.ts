// Proves that one figure is the same number in the page's table and sentence, the terminal, the export, recommend and summary.json, where
// the values are so skewed that a median is another; and that a cell without a steady state is marked in all of them.
import test from 'ava';
import { cellTable } from './cell-table.ts';
import { inventResults, PROFILES, USUAL } from './fixtures.ts';
import { renderPage } from './page/page.ts';
import { withUnit } from './quantity.ts';
import { NO_NEEDS, withNeed } from './recommend/needs.ts';
import { recommendationsOf, recommendJson } from './recommendation-text.ts';
import { summarise } from './statistics/summary.ts';
import { summaryFile } from './summary-file.ts';
import { renderTerminal } from './terminal.ts';

const invented = inventResults({
  ...USUAL,
  backends: 2,
  profile: { ...PROFILES.standard, blocks: 3 },
  failing: [],
  wrong: [],
  leftOut: [],
});
const RESTORES = [1000, 1100, 4000];
const MEAN = Math.cbrt(1000 * 1100 * 4000);
/** lmdb restores in times with another mean than median, and falls all the time. */
const results = {
  ...invented,
  trials: invented.trials.map((trial) =>
    trial.state === 'completed' && trial.backend.name === 'lmdb'
      ? {
          ...trial,
          recovery: trial.recovery && {
            ...trial.recovery,
            restoreMs: RESTORES[trial.block - 1]!,
          },
          throughput: { ...trial.throughput, perSecond: Array.from({ length: 15 }, (_, second) => 600_000 - 20_000 * second) },
        }
      : trial,
  ),
};
const run = summarise(results.plan, results.trials);
const cell = run.groups[0]!.candidates.find(({ cell: { backend } }) => backend.name === 'lmdb')!;
const { interval } = cell.metrics.restoreMs!;
const FIGURE = withUnit('time', MEAN, (interval!.high - interval!.low) / 2);
const SENTENCE = 'No steady state reached: throughput was still falling in 3 of 3 trials';

test('table, sentence, terminal, export, recommend and summary show the same figure, and the mark of a cell without a steady state', async (t) => {
  const { columns, rows } = cellTable(run);
  const exported = (key: string) => {
    const at = (one: string) => columns.findIndex((column) => column.key === one);
    return rows.find((row) => row[at('backend')] === 'lmdb')![at(key)];
  };
  t.is(exported('restore_ms'), Number(MEAN.toPrecision(4)));
  t.is(exported('no_steady_state'), SENTENCE);

  const summary = summaryFile(results, run).groups[0]!.cells.find(({ backend }) => backend === 'lmdb')!;
  t.true(Math.abs(summary.metrics.restoreMs!.mean / MEAN - 1) < 1e-9);
  t.deepEqual(summary.metrics.restoreMs!.interval, interval);
  t.is(summary.noSteadyState, SENTENCE);

  const json = recommendJson(recommendationsOf(results, withNeed(NO_NEEDS, 'restore<=1min'))) as {
    groups: { backends: { name: string; needs: { value: number }[] }[] }[];
  };
  t.is(json.groups[0]!.backends.find(({ name }) => name === 'lmdb')!.needs[0]!.value.toPrecision(6), MEAN.toPrecision(6));

  const text = renderTerminal(results, { columns: 200, unicode: true, color: false }).replaceAll(/\s+/g, ' ');
  t.true(text.includes(FIGURE), `${FIGURE} in ${text}`);
  t.true(text.includes(SENTENCE));

  const page = await renderPage(results);
  t.true(page.includes(`data-value="${cell.metrics.restoreMs!.mean}"`));
  t.true(page.includes(`restored in ${FIGURE}`), FIGURE);
  t.true(page.includes(SENTENCE));
});
