/**
 * `npm run picture -- RESULTS TO.png`: the top of a run's report as a picture, as the README shows it. Needs Chromium:
 * CHROMIUM_PATH, or `chromium` of the system.
 */

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [results, to] = process.argv.slice(2);
if (results === undefined || to === undefined) {
  process.stderr.write('usage: npm run picture -- RESULTS_FOLDER PICTURE.png\n');
  process.exit(2);
}
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const page = await browser.newPage({ viewport: { width: 1200, height: 1190 }, colorScheme: 'light' });
await page.goto(pathToFileURL(path.resolve(results, 'report.html')).href);
await page.screenshot({ path: to });
await browser.close();
