import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

/** Takes the top of a report as a picture. Needs Chromium: CHROMIUM_PATH, or that of the system. */
export async function takePicture(report: string, to: string): Promise<void> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1200, height: 1190 }, colorScheme: 'light' });
    await page.goto(pathToFileURL(path.resolve(report)).href);
    await page.screenshot({ path: to });
  } finally {
    await browser.close();
  }
}
