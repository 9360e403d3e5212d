// Proves in a real browser that the report opens from a file without a request or an error, in both themes, without
// scripts, on a phone and on paper; that sorting, themes and downloads work; and that hostile text stays text.
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { inventResults, PROFILES, USUAL } from '../fixtures.ts';
import { HOSTILE } from '../hostile-text.ts';
import { plainText } from '../plain-text.ts';
import { spoilt } from '../spoilt-for-tests.ts';
import { browserTest, withChromium } from './chromium-for-tests.ts';
import { OVERLAPPING, open, STICKING_OUT } from './opened-for-tests.ts';
import { renderPage } from './page.ts';

const MOST_BYTES = 2_500_000;
const usual = inventResults(USUAL);
const usualPage = renderPage(usual);

browserTest('the page opens without an error or a request, in both themes, and nothing overlaps or sticks out', async (t) => {
  const html = await usualPage;
  t.true(Buffer.byteLength(html) <= MOST_BYTES);
  await withChromium(async (browser) => {
    const backgrounds: unknown[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await open(browser, html, { colorScheme }, async ({ page, troubles }) => {
        for (const width of [1200, 800, 360]) {
          await page.setViewportSize({ width, height: 900 });
          t.is(await page.evaluate('document.documentElement.scrollWidth'), width, `${colorScheme} ${width}: scrolls sideways`);
          t.deepEqual(await page.evaluate(STICKING_OUT), [], `${colorScheme} ${width}`);
          t.deepEqual(await page.evaluate(OVERLAPPING), [], `${colorScheme} ${width}`);
        }
        backgrounds.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
        t.deepEqual(troubles, [], colorScheme);
      });
    }
    t.not(backgrounds[0], backgrounds[1]);
  });
});

browserTest('charts take their colours from the theme', async (t) => {
  const html = await usualPage;
  await withChromium((browser) =>
    open(browser, html, { colorScheme: 'light' }, async ({ page, troubles }) => {
      const fill = `getComputedStyle(document.querySelector('.draw svg path[fill="var(--c2)"]')).fill`;
      t.is(await page.evaluate(fill), 'rgb(198, 82, 0)');
      await page.click('#theme');
      t.is(await page.evaluate(fill), 'rgb(255, 154, 77)');
      t.is(await page.textContent('#theme'), 'Light theme');
      await page.reload();
      t.is(await page.evaluate(fill), 'rgb(255, 154, 77)', 'the choice is kept');
      t.deepEqual(troubles, []);
    }),
  );
});

browserTest('without scripts the answer, the table and the charts are there, and no dead buttons', async (t) => {
  const html = await usualPage;
  await withChromium((browser) =>
    open(browser, html, { javaScriptEnabled: false, viewport: { width: 1200, height: 900 } }, async ({ page }) => {
      t.is(await page.textContent('.pick'), 'memory');
      t.is(await page.locator('table.cells > tbody').count(), 13);
      t.true((await page.locator('.draw .wide svg:visible').count()) >= 7);
      t.is(await page.locator('button:visible').count(), 0);
      await page.locator('figure summary').first().click();
      t.true(await page.locator('details[open] table').first().isVisible());
    }),
  );
});

browserTest('a column sorts both ways by keyboard, and the null backend stays below its rule', async (t) => {
  const html = await usualPage;
  await withChromium((browser) =>
    open(browser, html, {}, async ({ page, troubles }) => {
      const names = () => page.locator('table.cells > tbody .name').allTextContents();
      const memory = page.locator('th button', { hasText: 'Memory' });
      await memory.focus();
      await page.keyboard.press('Enter');
      t.deepEqual((await names()).slice(0, 2), ['sqlite', 'level']);
      t.is((await names()).at(-1), 'null');
      await page.keyboard.press('Enter');
      t.is((await names())[0], 'cassandra', 'a wrong output does not compete, and stays below the rule');
      t.is((await names()).at(-1), 'null');
      t.is(await page.locator('th[aria-sort=descending]').count(), 1);
      t.deepEqual(troubles, []);
    }),
  );
});

browserTest('every figure can be saved from the page, as it stands in the results', async (t) => {
  const html = await usualPage;
  await withChromium((browser) =>
    open(browser, html, { acceptDownloads: true }, async ({ page, troubles }) => {
      const save = async (name: string) => {
        const [download] = await Promise.all([page.waitForEvent('download'), page.click(`[data-download="${name}"]`)]);
        t.is(download.suggestedFilename(), name);
        return readFile(await download.path(), 'utf8');
      };
      t.deepEqual(JSON.parse(await save('plan.json')), usual.plan);
      t.is(await save('trials.ndjson'), usual.trials.map((trial) => `${JSON.stringify(trial)}\n`).join(''));
      t.regex(await save('table.csv'), /^workload,storage,/);
      t.deepEqual(troubles, []);
    }),
  );
});

browserTest('it prints, with the head of the table', async (t) => {
  const html = await usualPage;
  await withChromium((browser) =>
    open(browser, html, { colorScheme: 'dark' }, async ({ page, troubles }) => {
      const pdf = await page.pdf({ format: 'A4' });
      t.is(pdf.subarray(0, 5).toString(), '%PDF-');
      await page.emulateMedia({ media: 'print' });
      t.true(await page.locator('table.cells th', { hasText: 'Recovery' }).first().isVisible());
      t.is(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)');
      t.deepEqual(troubles, []);
    }),
  );
});

test('one block, and nothing finished, make a page too', async (t) => {
  const smoke = await renderPage(inventResults({ ...USUAL, backends: 3, profile: PROFILES.smoke }));
  t.regex(smoke, /No answer yet/);
  const nothing = await renderPage({ ...usual, trials: [] });
  t.regex(nothing, /None of these/);
});

browserTest('more processes are a table of their own, and no answer of their own', async (t) => {
  const html = await renderPage(inventResults({ ...USUAL, backends: 3, profile: PROFILES.quick, parallelisms: [1, 2] }));
  t.is(html.match(/More processes/g)?.length, 1);
  t.is(html.match(/<article/g)?.length, 1);
  t.false((await usualPage).includes('More processes'));
  await withChromium((browser) =>
    open(browser, html, { viewport: { width: 360, height: 900 } }, async ({ page, troubles }) => {
      const rows = page.locator('[aria-label="Throughput by number of processes"] tbody tr');
      t.is(await rows.count(), 4 * 2);
      t.regex((await rows.nth(1).innerText()) ?? '', /^memory\s+2\s+\S+\s+1\.\d+\s+1\.\d+ to [12]\.\d+\s+✓ exact\s+\d+ %\s+50 %$/);
      t.deepEqual(await page.evaluate(STICKING_OUT), []);
      t.deepEqual(troubles, []);
    }),
  );
});

browserTest('one workload with several numbers of keys has a chart over state size, where nothing overlaps', async (t) => {
  const html = await renderPage(inventResults({ ...USUAL, backends: 6, keys: [1_000, 100_000, 10_000_000], profile: PROFILES.quick }));
  t.false((await usualPage).includes('id="sizes"'));
  await withChromium(async (browser) => {
    await open(browser, html, {}, async ({ page, troubles }) => {
      t.is(await page.locator('nav a[href="#sizes"]').count(), 1);
      t.is(await page.locator('[aria-label^="Numbers behind the chart Throughput over state size"] tbody tr').count(), 6 * 3);
      for (const width of [1200, 360]) {
        await page.setViewportSize({ width, height: 900 });
        t.is(await page.locator('#sizes .draw svg:visible').count(), 1 + 3, 'throughput, and the three costs');
        t.deepEqual(await page.evaluate(OVERLAPPING), [], `${width}`);
        t.deepEqual(await page.evaluate(STICKING_OUT), [], `${width}`);
      }
      t.deepEqual(troubles, []);
    });
  });
});

test('results are the same page every time', async (t) => {
  const small = inventResults({ ...USUAL, backends: 3, profile: PROFILES.quick });
  t.is(await renderPage(small), await renderPage(structuredClone(small)));
});

const AT_ONCE = 10;

browserTest('hostile text stays text, in every field', async (t) => {
  const collapsed = (text: string | null) => (text ?? '').replace(/\s+/g, ' ').trim();
  await withChromium(async (browser) => {
    for (let from = 0; from < HOSTILE.length; from += AT_ONCE) {
      const texts = HOSTILE.slice(from, from + AT_ONCE);
      const results = spoilt(texts);
      await open(browser, await renderPage(results), {}, async ({ page, troubles }) => {
        const place = `texts ${from} to ${from + texts.length}`;
        t.is(await page.evaluate('typeof globalThis.owned'), 'undefined', place);
        t.deepEqual(troubles, [], place);
        const plain = texts.map((text) => collapsed(plainText(text)));
        t.deepEqual((await page.locator('.below b').allTextContents()).map(collapsed), plain, place);
        t.deepEqual((await page.locator('.standings b').allTextContents()).map(collapsed).toSorted(), plain.toSorted(), place);
        t.is(collapsed(await page.textContent('#command')), collapsed(plainText(texts.join(' '))), place);
        t.is(await page.locator('script').count(), 8, place);
        t.is(await page.locator('style, link, base, meta[http-equiv]').count(), 3, place);
        t.is(await page.locator('iframe, img, form, object, embed, textarea, .draw a, main a[href^="javascript"]').count(), 0, place);
        const packed = await page.locator('[id="data-plan.json"]').textContent();
        t.is(JSON.parse(gunzipSync(Buffer.from(packed ?? '', 'base64')).toString()).suite, results.plan.suite, place);
      });
    }
  });
});
