import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import test from 'ava';
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

const EXECUTABLE = chromiumPath();
const MISSING = 'no Chromium here: install it or set CHROMIUM_PATH';

/** `test`, for tests that use {@link withChromium}. Without Chromium they are skipped, and fail where CI is set. */
export const browserTest: typeof test = EXECUTABLE !== null || process.env.CI ? test : (test.skip as typeof test);
if (browserTest !== test) process.stderr.write(`tests in a browser are skipped: ${MISSING}\n`);

let started: Promise<Browser> | null = null;

test.after.always('close the browser', async () => {
  await (await started)?.close();
});

/** Runs `body` with the one browser of a test file: to start it is half of what a test in it costs. Pages have contexts of their own. */
export async function withChromium(body: (browser: Browser) => Promise<void>): Promise<void> {
  if (EXECUTABLE === null) throw new Error(MISSING);
  started ??= chromium.launch({ executablePath: EXECUTABLE, args: QUIET });
  await body(await started);
}
