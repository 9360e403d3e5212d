// Proves that the micro-suite's ratios are those of paired blocks, that a single block gets no interval, and that neither the page nor
// the terminal lets text of results become anything else; and in a real browser that the section fits a phone.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import type { MicroResults } from '../harness/results.ts';
import { inventResults, USUAL } from './fixtures.ts';
import { HOSTILE } from './hostile-text.ts';
import { inventMicro } from './invented-micro.ts';
import { compareMicro } from './micro-table.ts';
import { renderMicroTerminal } from './micro-terminal.ts';
import { browserTest, withChromium } from './page/chromium-for-tests.ts';
import { renderMicroPage } from './page/micro-section.ts';
import { renderPage } from './page/page.ts';

const usual = inventResults(USUAL);

test('ratios are of paired blocks: what drifts with the block is not in them', (t) => {
  const [{ rows }, { batchSize }] = compareMicro(inventMicro(4, 0.1)) as [
    ReturnType<typeof compareMicro>[0],
    ReturnType<typeof compareMicro>[0],
  ];
  t.is(batchSize, 1024);
  const [first, second] = rows[0]!.figures;
  t.is(first!.ratio, null);
  t.true(second!.operationsPerSecond.max / second!.operationsPerSecond.min > 3);
  const { ratio, interval } = second!.ratio!;
  t.true(ratio > 0.095 && ratio < 0.105);
  t.true(interval!.low > 0.09 && interval!.high < 0.11 && interval!.low < ratio && ratio < interval!.high);
});

test('a single block gets no interval, and a backend that did not measure a dash', (t) => {
  const one = inventMicro(1, 0.5);
  t.is(compareMicro(one)[0]!.rows[0]!.figures[1]!.ratio!.interval, null);
  const lacking = { ...one, measurements: one.measurements.filter(({ backend }) => backend === 'memory') };
  t.is(compareMicro(lacking)[0]!.rows[0]!.figures[1], null);
  t.regex(renderMicroTerminal(lacking, { unicode: true }), /^valueGet +1,000,000 +– +–$/m);
});

test('the terminal has every rate in 80 columns, what failed and what is not here', (t) => {
  const text = renderMicroTerminal(inventMicro(3, 0.1), { unicode: false });
  t.regex(text, /^batches of 1024 +memory +rocksdb +ratio$/m);
  t.regex(text, /^listAddAllTtl +[\d,]+ +[\d,]+ +0\.1\d* x +0\.\d+ to 0\.\d+$/m);
  t.regex(text, /^! rocksdb: mapGet: it found 1 entry$/m);
  t.regex(text, /^! redis is not here: no server$/m);
  for (const line of text.split('\n').slice(2)) t.true(line.length <= 80, line);
  t.true(/^\p{ASCII}*$/u.test(text));
});

test('it stands in the page of a run, and in one of its own', async (t) => {
  const micro = inventMicro(3, 0.1);
  for (const page of [renderMicroPage(micro), await renderPage(usual, micro)]) {
    t.regex(page, /<section id="micro">/);
    t.regex(page, /<a href="#micro">/);
    t.regex(page, /does listAddAllTtl/);
    t.regex(page, /wrong, so not timed: it found 1 entry/);
  }
  t.notRegex(await renderPage(usual), /id="micro"/);
});

browserTest('hostile text stays text, nothing is fetched, and a phone shows it without scrolling sideways', async (t) => {
  const names = HOSTILE.slice(0, 4);
  const micro = inventMicro(3, 0.1, names);
  const hostile: MicroResults = {
    ...micro,
    command: HOSTILE.join(' '),
    leftOut: HOSTILE.map((reason) => ({ backend: reason, reason, missed: false })),
    failures: HOSTILE.map((message) => ({ backend: names[0]!, block: 1, operations: [message], code: message, message })),
    operations: micro.operations.map(({ name }, i) => ({ name, description: HOSTILE[i]! })),
  };
  const folder = await mkdtemp(join(tmpdir(), 'statebench-page-'));
  const file = join(folder, 'report.html');
  await writeFile(file, renderMicroPage(hostile));
  await withChromium(async (browser) => {
    for (const width of [1200, 360]) {
      const page = await browser.newPage({ viewport: { width, height: 800 } });
      const troubles: string[] = [];
      page.on('console', (message) => ['error', 'warning'].includes(message.type()) && troubles.push(message.text()));
      page.on('pageerror', (error) => troubles.push(error.message));
      page.on(
        'request',
        (request) => request.url() !== pathToFileURL(file).href && !request.url().startsWith('data:,') && troubles.push(request.url()),
      );
      await page.goto(pathToFileURL(file).href);
      t.deepEqual(troubles, []);
      t.is(await page.evaluate('globalThis.owned'), undefined);
      t.is(await page.evaluate('document.documentElement.scrollWidth'), width);
      t.is(await page.locator('#micro table').count(), 2);
      await page.close();
    }
  });
  await rm(folder, { recursive: true });
});
