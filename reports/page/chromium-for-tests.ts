import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type Browser, chromium } from 'playwright-core';

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium of this machine: CHROMIUM_PATH, else /usr/bin/chromium, else the first on the PATH; null if there is none. */
function chromiumPath(): string | null {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)));
  const places = process.env.CHROMIUM_PATH === undefined ? ['/usr/bin/chromium', ...onPath] : [process.env.CHROMIUM_PATH];
  return places.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs `body` with a browser of its own. Without Chromium the test passes with a line that says so, but where CI is set
 * it fails: there it must not go untested.
 */
export async function withChromium(t: ExecutionContext, body: (browser: Browser) => Promise<void>): Promise<void> {
  const executablePath = chromiumPath();
  if (executablePath === null) {
    const reason = 'no Chromium here: install it or set CHROMIUM_PATH';
    if (process.env.CI !== undefined && process.env.CI !== '') t.fail(reason);
    else {
      t.log(`skipped: ${reason}`);
      t.pass();
    }
    return;
  }
  const browser = await chromium.launch({ executablePath, args: QUIET });
  try {
    await body(browser);
  } finally {
    await browser.close();
  }
}
