import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A page in a browser. */
export interface Opened {
  readonly page: Page;
  /** Errors of the console and requests for anything but the file itself. */
  readonly troubles: readonly string[];
}

/** A page that is not there yet is waited for: on a machine that does much else, for long. */
const PATIENT_MS = 180_000;

/** Opens `html` from a file of its own, and hands it to `body`. */
export async function open(
  browser: Browser,
  html: string,
  options: BrowserContextOptions,
  body: (opened: Opened) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'statebench-page-'));
  const file = join(folder, 'report.html');
  await writeFile(file, html);
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENT_MS);
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && troubles.push(message.text()));
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('dialog', (dialog) => troubles.push(`dialog ${dialog.message()}`));
  page.on('request', (request) => {
    const url = request.url();
    if (url !== pathToFileURL(file).href && !url.startsWith('data:,') && !url.startsWith('blob:')) troubles.push(`request ${url}`);
  });
  try {
    await page.goto(pathToFileURL(file).href);
    await body({ page, troubles });
  } finally {
    await context.close();
    await rm(folder, { recursive: true });
  }
}

/** What axe finds in a page opened with `bypassCSP`, once all that is folded away is open. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(`for (const details of document.querySelectorAll('details')) details.open = true`);
  // It is put into the page past its policy, which lets nothing else in.
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  return page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')))`,
  ) as Promise<string[]>;
}

/** Elements that stick out of the window, or text that is cut by its own box; run in the page. */
export const STICKING_OUT = `[...document.querySelectorAll('main *')].filter((element) => {
  if (element.closest('.scroll, details:not([open]), svg')) return false;
  const box = element.getBoundingClientRect();
  return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
}).map((element) => element.outerHTML.slice(0, 120))`;

/** Pairs of texts of one drawing that overlap; run in the page. */
export const OVERLAPPING = `[...document.querySelectorAll('.draw svg')].flatMap((svg) => {
  const texts = [...svg.querySelectorAll('text')].filter((text) => text.textContent.trim() !== '' && text.getBoundingClientRect().width > 0);
  const boxes = texts.map((text) => text.getBoundingClientRect());
  const whole = svg.getBoundingClientRect();
  const cut = texts.filter((_, i) => boxes[i].left < whole.left - 1 || boxes[i].right > whole.right + 1).map((text) => 'cut: ' + text.textContent);
  return cut.concat(texts.flatMap((a, i) => texts.slice(i + 1).flatMap((b, j) => {
    const [x, y] = [boxes[i], boxes[i + 1 + j]];
    const across = Math.min(x.right, y.right) - Math.max(x.left, y.left);
    const down = Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top);
    return across > 1 && down > 3 ? [a.textContent + ' / ' + b.textContent] : [];
  })));
})`;
