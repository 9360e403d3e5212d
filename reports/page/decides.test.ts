// Proves in a real browser that a page decides again when a limit is moved, as the engine does here; that limits stand in the
// address and come from it; that rows are pinned, filtered and parted; that axe finds nothing; and that a page of 12 backends on
// 10 workloads over 15 blocks is small and answers at once.
import { readFile } from 'node:fs/promises';
import vm from 'node:vm';
import test from 'ava';
import type { Page } from 'playwright-core';
import { decide } from '../decision.ts';
import { inventResults, PROFILES, USUAL } from '../fixtures.ts';
import { NO_NEEDS, withNeed } from '../recommend/needs.ts';
import { summarise } from '../statistics/summary.ts';
import { GroupAnswer, type PageGroup } from './answer.ts';
import { browserTest, withChromium } from './chromium-for-tests.ts';
import { inlinedModules } from './inlined-modules.ts';
import { OVERLAPPING, open, STICKING_OUT, violationsOf } from './opened-for-tests.ts';
import { renderPage, renderRuns } from './page.ts';

const MOST_BYTES = 2_500_000;
const MOST_PAINT_MS = 1000;
const MOST_MS = 50;
const usual = inventResults(USUAL);
const usualPage = renderPage(usual);
const run = summarise(usual.plan, usual.trials);
const [group] = run.groups;

const pick = (page: Page) => page.textContent('.pick');
const slide = (page: Page, criterion: string, stop: string) =>
  page.evaluate(
    `(() => { const slider = document.querySelector('[data-criterion="${criterion}"]'); slider.value = slider.dataset.stops.split(' ').indexOf('${stop}'); slider.dispatchEvent(new Event('input', { bubbles: true })); })()`,
  );

browserTest('a limit that is moved decides again, as the engine does here, and stands in the address', async (t) => {
  const html = await usualPage;
  await withChromium((browser) =>
    open(browser, html, { viewport: { width: 1200, height: 900 } }, async ({ page, troubles }) => {
      t.is(await pick(page), 'memory');
      await slide(page, 'rss', '1000000000');
      t.is(await pick(page), decide(group!, usual.plan, run, withNeed(NO_NEEDS, 'rss<=1GB')).headline);
      const memory = page.locator('.standings li', { hasText: /^memory✕/ }).locator('.detail');
      t.regex((await memory.textContent()) ?? '', /^memory 1\.4\d GB, 4\d % over$/);
      await page.selectOption('[data-need=durability]', 'os-crash');
      t.is(await pick(page), 'None meets every limit');
      t.regex((await page.textContent('.why')) ?? '', /Nearest is /);
      await page.click('[data-needs-reset]');
      t.is(await pick(page), 'memory');
      t.is(new URL(page.url()).hash, '');
      for (const texts of [['p99<=20ms', 'durability>=process-crash'], ['throughput>=300k'], ['servers=no', 'recovery<=3s']]) {
        await page.evaluate(`location.hash = 'needs=${texts.map(encodeURIComponent).join(';')}'`);
        const needs = texts.reduce(withNeed, NO_NEEDS);
        await page.waitForFunction(
          `document.querySelector('.pick').textContent === ${JSON.stringify(decide(group!, usual.plan, run, needs).headline)}`,
        );
      }
      t.deepEqual(troubles, []);
    }),
  );
});

browserTest('limits come from the address, a link to a section keeps them, and what is no limit is told', async (t) => {
  const html = await usualPage;
  await withChromium((browser) =>
    open(browser, html, { viewport: { width: 1200, height: 900 } }, async ({ page, troubles }) => {
      await page.goto(`${page.url()}#needs=rss%3C%3D1GB;nonsense;p99%3C%3D17ms;%E0`);
      await page.reload();
      t.is(await page.textContent('[data-criterion=p99] + output'), '≤ 17 ms', 'between two stops');
      t.is(await page.textContent('[data-criterion=rss] + output'), '≤ 1 GB');
      t.regex((await page.textContent('.unread')) ?? '', /nonsense/);
      const answer = await pick(page);
      await page.click('nav a[href="#g1-checkpoint"]');
      t.regex(page.url(), /#needs=rss%3C%3D1GB;/);
      t.is(await page.evaluate('document.activeElement.id'), 'g1-checkpoint');
      t.is(await pick(page), answer);
      t.deepEqual(troubles, []);
    }),
  );
});

browserTest('every headline figure is a link to its evidence, which is there', async (t) => {
  const html = await usualPage;
  await withChromium((browser) =>
    open(browser, html, {}, async ({ page }) => {
      const links = await page.locator('.why a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
      t.true(links.length >= 3, `${links.length}`);
      for (const link of links) t.is(await page.locator(link ?? '').count(), 1, link ?? '');
    }),
  );
});

browserTest(
  'rows that may not compete stand below a rule, pinned ones above, and the filter leaves what is within the limits',
  async (t) => {
    const html = await usualPage;
    await withChromium((browser) =>
      open(browser, html, {}, async ({ page, troubles }) => {
        const names = () => page.locator('table.cells > tbody:visible .name').allTextContents();
        await page.selectOption('[data-need=durability]', 'process-crash');
        const ordered = await names();
        t.deepEqual(ordered.slice(0, 4), ['lmdb', 'level', 'sqlite', 'cassandra']);
        t.is(await page.locator('tbody.ruled .name').first().textContent(), ordered[4] ?? null);
        t.is(await page.locator('tbody.best .name').textContent(), 'lmdb');
        await page.getByRole('button', { name: 'Pin redis to the top' }).click();
        t.is((await names())[0], 'redis');
        await page.check('.filter [type=checkbox]');
        t.deepEqual(await names(), ['redis', 'lmdb', 'level', 'sqlite', 'cassandra', 'null']);
        await page.fill('.filter [type=search]', 'lev, sql');
        t.deepEqual(await names(), ['redis', 'level', 'sqlite', 'null']);
        const head = page.locator('table.cells thead tr:last-child th', { hasText: /^Memory/ });
        await head.locator('button').focus();
        await page.keyboard.press('Enter');
        t.is(await head.getAttribute('aria-sort'), 'ascending');
        await page.keyboard.press('Space');
        t.is(await head.getAttribute('aria-sort'), 'descending');
        const arranged = await names();
        t.is(arranged[0], 'redis', 'pinned');
        await page.reload();
        t.is(await head.getAttribute('aria-sort'), 'descending', page.url());
        t.deepEqual(await names(), arranged);
        t.is(await page.inputValue('.filter [type=search]'), 'lev, sql');
        t.true(await page.isChecked('.filter [type=checkbox]'));
        await page.fill('.filter [type=search]', '');
        await page.uncheck('.filter [type=checkbox]');
        await page.getByRole('button', { name: 'Pin redis to the top' }).click();
        await page.click('[data-needs-reset]');
        t.regex(new URL(page.url()).hash, /^#sort\.g1=\d+-down$/, 'the rest is as it was made');
        t.deepEqual(troubles, []);
      }),
    );
  },
);

browserTest('axe finds nothing, in both themes, on a phone, and with limits set', async (t) => {
  const html = await renderPage(inventResults({ ...USUAL, backends: 4, profile: PROFILES.quick, failing: ['rocksdb'], wrong: ['level'] }));
  await withChromium(async (browser) => {
    for (const [colorScheme, width] of [
      ['light', 1200],
      ['dark', 360],
    ] as const) {
      // axe is put into the page past its policy, which lets nothing else in.
      await open(browser, html, { colorScheme, viewport: { width, height: 900 }, bypassCSP: true }, async ({ page }) => {
        await page.selectOption('[data-need=durability]', 'process-crash');
        t.deepEqual(await violationsOf(page), [], `${colorScheme} ${width}`);
      });
    }
  });
});

browserTest(
  '12 backends on 10 workloads over 15 blocks: a page under 2.5 MB that is painted within 1 s and decides within 50 ms',
  async (t) => {
    const workloads = Array.from({ length: 10 }, (_, i) => `workload-${i + 1}`);
    const many = inventResults({ ...USUAL, workloads, profile: { ...PROFILES.standard, blocks: 15 } });
    const html = await renderPage(many);
    t.true(Buffer.byteLength(html) <= MOST_BYTES, `${Buffer.byteLength(html)} bytes`);
    await withChromium((browser) =>
      open(browser, html, { viewport: { width: 1200, height: 900 } }, async ({ page, troubles }) => {
        t.is(await page.locator('table.matrix tbody tr').count(), 10);
        const paintedMs = async () => {
          await page.reload();
          await page.waitForFunction(`performance.getEntriesByName('first-contentful-paint').length > 0`);
          return (await page.evaluate(`performance.getEntriesByName('first-contentful-paint')[0].startTime`)) as number;
        };
        let paint = Number.POSITIVE_INFINITY;
        for (let i = 0; i < 3 || (i < 20 && paint >= MOST_PAINT_MS); i++) paint = Math.min(paint, await paintedMs());
        t.log(`painted after ${paint.toFixed(0)} ms`);
        t.true(paint < MOST_PAINT_MS, `${paint} ms`);
        // Of many, the quickest: a machine that does something else meanwhile makes the others slower; of one that is busy, of many more.
        const fastest = (await page.evaluate(`(async () => {
        const slider = document.querySelector('[data-criterion="rss"]');
        const times = [];
        for (let i = 0; i < 12 || (i < 200 && Math.min(...times) >= ${MOST_MS}); i++) {
          slider.value = String(3 + (i % 9));
          const start = performance.now();
          slider.dispatchEvent(new Event('input', { bubbles: true }));
          times.push(performance.now() - start);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return Math.min(...times);
      })()`)) as number;
        t.true(fastest < MOST_MS, `${fastest.toFixed(1)} ms`);
        await slide(page, 'rss', '1000000000');
        const all = summarise(many.plan, many.trials);
        const last = decide(all.groups.at(-1)!, many.plan, all, withNeed(NO_NEEDS, 'rss<=1GB')).headline;
        await page.waitForFunction(`document.querySelector('#g10 .pick').textContent === ${JSON.stringify(last)}`);
        t.is(await page.textContent('[data-headline=g10]'), last);
        t.is(await page.locator('[data-matrix=g10][data-outcome=picked]').count(), 1);
        t.regex((await page.textContent('#g10 [data-needs-line]')) ?? '', /memory ≤ 1 GB/);
        t.deepEqual(troubles, []);
      }),
    );
  },
);

browserTest('several workloads on a phone: nothing overlaps or sticks out', async (t) => {
  const html = await renderPage(inventResults({ ...USUAL, backends: 4, workloads: ['a', 'b'], profile: PROFILES.quick }));
  await withChromium((browser) =>
    open(browser, html, { viewport: { width: 360, height: 900 } }, async ({ page, troubles }) => {
      t.is(await page.evaluate('document.documentElement.scrollWidth'), 360);
      t.deepEqual(await page.evaluate(STICKING_OUT), []);
      t.deepEqual(await page.evaluate(OVERLAPPING), []);
      t.deepEqual(troubles, []);
    }),
  );
});

browserTest('runs of two machines stand in one page, each decided by its own figures, with the limits for both', async (t) => {
  const one = inventResults({ ...USUAL, backends: 3, profile: PROFILES.quick, failing: [], wrong: [] });
  const two = inventResults({ ...USUAL, seed: 9, backends: 3, profile: PROFILES.quick, failing: ['memory'], wrong: [] });
  const other = { ...two, environment: { ...two.environment, cpu: 'Another', cores: 8 } };
  const html = await renderRuns([one, other].map((results) => ({ results, micro: null })));
  await withChromium((browser) =>
    open(browser, html, { viewport: { width: 360, height: 900 }, acceptDownloads: true }, async ({ page, troubles }) => {
      t.deepEqual(await page.locator('[data-headline]').allTextContents(), ['memory', 'lmdb'], 'it failed on the second machine alone');
      t.deepEqual(await page.locator('table.matrix tbody th a').allTextContents(), [
        'flights-delays · AMD EPYC 7B13, 2 cores',
        'flights-delays · Another, 8 cores',
      ]);
      await page.selectOption('[data-need=durability]', 'process-crash');
      await page.waitForFunction(`document.querySelector('[data-headline=r1-g1]').textContent === 'lmdb'`);
      const ids = (await page.evaluate(`[...document.querySelectorAll('[id]')].map(({ id }) => id)`)) as string[];
      t.is(new Set(ids).size, ids.length, 'ids are unique');
      for (const link of await page
        .locator('a[href^="#"]')
        .evaluateAll((all) => all.map((one) => one.getAttribute('href')?.slice(1) ?? '')))
        t.true(ids.includes(link), link);
      const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-download="r2-environment.json"]')]);
      t.deepEqual(JSON.parse(await readFile(await download.path(), 'utf8')), other.environment);
      t.deepEqual(await page.evaluate(STICKING_OUT), []);
      t.deepEqual(troubles, []);
    }),
  );
});

test('what a page decides by is the same code: put together as one script it gives the same answer', async (t) => {
  const script = inlinedModules('statebench', new URL('./answer.js', import.meta.url));
  const { GroupAnswer: InPage } = vm.runInNewContext(`${script}; statebench`) as { GroupAnswer: typeof GroupAnswer };
  const [, json] = /<script type="application\/json" id="groups">(.*?)<\/script>/.exec(await usualPage)!;
  const [data] = JSON.parse(json!) as PageGroup[];
  for (const texts of [[], ['p99<=20ms', 'rss<=1GB'], ['durability>=os-crash', 'servers=no'], ['pause<=1us']]) {
    const needs = texts.reduce(withNeed, NO_NEEDS);
    t.is(JSON.stringify(new InPage(data!).elements(needs)), JSON.stringify(new GroupAnswer(data!).elements(needs)), texts.join());
  }
  // A module that needs a package, or Node.js, would be found out when the page is made.
  t.throws(() => inlinedModules('x', new URL('./script.js', import.meta.url)), { message: /cannot stand in a page: it imports node:/ });
});
