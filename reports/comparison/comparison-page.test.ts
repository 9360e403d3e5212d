// Proves in a real browser that the page of a comparison opens without a request or an error in both themes, on a phone, on paper and
// without scripts; that what differs stands first, then gates and changes; that rows sort and figures can be saved; that axe finds
// nothing; that hostile text stays text, in page, CSV and Markdown; and that a page of many workloads is small.
import { readFile } from 'node:fs/promises';
import test from 'ava';
import type { CompletedTrial } from '../../harness/results.ts';
import { toCsv, toMarkdown } from '../export.ts';
import { inventResults, PROFILES, USUAL, type Wanted } from '../fixtures.ts';
import { HOSTILE } from '../hostile-text.ts';
import { browserTest, withChromium } from '../page/chromium-for-tests.ts';
import { OVERLAPPING, open, STICKING_OUT, violationsOf } from '../page/opened-for-tests.ts';
import { plainText } from '../plain-text.ts';
import type { Results } from '../read-results.ts';
import { spoilt } from '../spoilt-for-tests.ts';
import { compareRuns, type RunComparison } from './compare-runs.ts';
import { renderComparisonPage } from './comparison-page.ts';
import { comparisonTable } from './comparison-table.ts';
import { parseGate } from './gate.ts';

function run(seed: number, wanted: Partial<Wanted> = {}): Results {
  const results = inventResults({ ...USUAL, backends: 6, failing: ['rocksdb'], wrong: ['level'], noise: 0.01, ...wanted, seed });
  return { ...results, plan: { ...results.plan, seed: 1, startedAt: `2026-11-0${seed}T08:00:00.000Z` } };
}

/** With lmdb slower and heavier, and on another kernel. */
function changed(results: Results): Results {
  const worse = (trial: CompletedTrial): CompletedTrial => ({
    ...trial,
    throughput: { ...trial.throughput, eventsPerSecond: trial.throughput.eventsPerSecond * 0.6 },
    memory: { ...trial.memory, rssBytesMax: (trial.memory.rssBytesMax ?? 0) * 3 },
  });
  return {
    ...results,
    environment: { ...results.environment, kernel: '6.9.1' },
    trials: results.trials.map((trial) => (trial.state === 'completed' && trial.backend.name === 'lmdb' ? worse(trial) : trial)),
  };
}

const gates = ['throughput<-5%', 'rss>10%'].map(parseGate);
const compare = (a: Results, b: Results, names: readonly [string, string] = ['before', 'after']): RunComparison =>
  compareRuns({ name: names[0], results: a }, { name: names[1], results: b }, { gates, forceMixed: true });
const usual = compare(run(1), changed(run(2)));

browserTest('the page says what differs, what the gates came to and what changed, everywhere it is read', async (t) => {
  const html = await renderComparisonPage(usual);
  await withChromium(async (browser) => {
    for (const [colorScheme, width] of [
      ['light', 1200],
      ['dark', 360],
    ] as const) {
      await open(browser, html, { colorScheme, viewport: { width, height: 900 }, bypassCSP: true }, async ({ page, troubles }) => {
        const place = `${colorScheme} ${width}`;
        t.deepEqual(troubles, [], place);
        t.is(await page.evaluate('document.documentElement.scrollWidth'), width, `${place}: scrolls sideways`);
        t.deepEqual(await page.evaluate(STICKING_OUT), [], place);
        t.deepEqual(await page.evaluate(OVERLAPPING), [], place);
        t.deepEqual(await violationsOf(page), [], place);
        t.deepEqual(await page.evaluate(OVERLAPPING), [], `${place}, all open`);
      });
    }
    await open(browser, html, { acceptDownloads: true, viewport: { width: 1200, height: 900 } }, async ({ page, troubles }) => {
      t.deepEqual(await page.locator('h2').allTextContents(), [
        'What differs beside the figures',
        'Gates: 2 failed, 3 undecided, 4 not measured, 3 passed',
        'flights-delays, micro-batches of 1,024, checkpoints to filesystem',
        'Changes with their intervals',
        'Raw data',
      ]);
      t.deepEqual(await page.locator('#differences tr', { hasText: 'kernel' }).locator('td').allTextContents(), ['6.8.0', '6.9.1']);
      t.deepEqual(await page.locator('#gates .standings b').allTextContents(), ['lmdb', 'lmdb']);
      const lmdb = page.locator('.changes tbody', { hasText: /^lmdb/ });
      t.regex(await lmdb.locator('[data-label^=Throughput]').innerText(), /^−4\d %\s+- slower\s+[\d,]+ → [\d,]+$/);
      t.regex(await lmdb.locator('[data-label^=Resident]').innerText(), /^\+20\d %\s+- more/);
      t.regex(await page.locator('.changes .reason').first().innerText(), /not compared: failed in A \(checkpoint: .*\), failed in B/);
      const throughput = page.locator('figure', { hasText: 'Throughput' }).first();
      t.regex((await throughput.locator('.draw').getAttribute('aria-label')) ?? '', /lmdb −4\d %, slower/);
      t.regex((await throughput.locator('.draw .wide').innerHTML()) ?? '', /−4\d % slower<\/text>/);
      const names = () => page.locator('.changes .name').allTextContents();
      await page.locator('.changes th button', { hasText: 'Throughput' }).click();
      t.is((await names()).at(-1), 'null');
      await page.locator('.changes th button', { hasText: 'Throughput' }).click();
      t.is((await names())[0], 'lmdb', 'the slowest first');
      const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-download="comparison.json"]')]);
      t.deepEqual(JSON.parse(await readFile(await download.path(), 'utf8')), JSON.parse(JSON.stringify(usual)));
      await page.emulateMedia({ media: 'print' });
      await page.setViewportSize({ width: 710, height: 1000 });
      t.deepEqual(await page.evaluate(STICKING_OUT), [], 'on paper');
      t.deepEqual(troubles, []);
    });
    await open(browser, html, { javaScriptEnabled: false }, async ({ page }) => {
      t.is(await page.locator('button:visible').count(), 0);
      t.is(await page.locator('.changes > tbody').count(), 7);
      t.true((await page.locator('.draw .wide svg:visible').count()) >= 2);
    });
  });
});

/** Most backends that are invented. */
const AT_ONCE = 12;

browserTest('hostile text stays text, in every field of page, CSV and Markdown', async (t) => {
  const collapsed = (text: string | null) => (text ?? '').replace(/\s+/g, ' ').trim();
  await withChromium(async (browser) => {
    for (let from = 0; from < HOSTILE.length; from += AT_ONCE) {
      const texts = HOSTILE.slice(from, from + AT_ONCE);
      const place = `texts ${from} to ${from + texts.length}`;
      const all = texts.join(' ');
      const a = spoilt(texts);
      const b = { ...a, environment: { ...a.environment, kernel: `${all} 2` } };
      const compared = compare(a, b, [all, `${all} 2`]);
      await open(browser, await renderComparisonPage(compared), {}, async ({ page, troubles }) => {
        t.is(await page.evaluate('typeof globalThis.owned'), 'undefined', place);
        t.deepEqual(troubles, [], place);
        t.is(await page.locator('script').count(), 4, place);
        t.is(await page.locator('style, link, base, meta[http-equiv]').count(), 3, place);
        t.is(await page.locator('iframe, img, form, object, embed, textarea, .draw a, main a[href^="javascript"]').count(), 0, place);
        t.is(
          collapsed(await page.locator('#differences tbody tr').first().locator('td').first().textContent()),
          collapsed(plainText(all)),
          place,
        );
        const names = (await page.locator('.changes tbody:not(.harness) .name').allTextContents()).map(collapsed).toSorted();
        t.deepEqual(names, texts.map((text) => collapsed(plainText(text))).toSorted(), place);
      });
      const table = comparisonTable(compared);
      for (const cell of toCsv(table).split(/\r\n|,/)) t.notRegex(cell, /^"?[=+@\t]|^"?-(?![\d.]+$)/, place);
      for (const line of toMarkdown(table).trimEnd().split('\n')) {
        t.is(line.match(/(?<!\\)\|/g)?.length, table.columns.length + 1, `${place}: ${line}`);
        t.notRegex(line, /<(?!\/?br)/, place);
      }
    }
  });
});

test('12 backends on 10 workloads, one failed block, and nothing in common but the plan, make a page too', async (t) => {
  const workloads = Array.from({ length: 10 }, (_, i) => `workload-${i + 1}`);
  const many = { backends: 12, workloads, profile: PROFILES.quick };
  const html = await renderComparisonPage(compare(run(1, many), changed(run(2, many))));
  t.is(html.match(/<article/g)?.length, 10);
  t.true(Buffer.byteLength(html) <= 2_500_000, `${Buffer.byteLength(html)} bytes`);
  const smoke = { profile: PROFILES.smoke };
  t.regex(await renderComparisonPage(compare(run(1, smoke), run(2, smoke))), /too few blocks for intervals/);
  t.regex(await renderComparisonPage(compare(run(1), { ...run(2), trials: [] })), /No throughput can be compared/);
});
