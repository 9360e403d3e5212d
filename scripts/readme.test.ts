// Proves that the README's example backend, copied as it stands, keeps the contract and can be measured.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAM = fileURLToPath(new URL('./statebench.js', import.meta.url));

const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
const example = /```js\n(.*?)```/s.exec(readme)?.[1] ?? '';

// In the clone, where the README says that the file belongs.
mkdirSync(path.join(ROOT, 'reports', 'out'), { recursive: true });
const folder = mkdtempSync(path.join(ROOT, 'reports', 'out', 'readme-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(path.join(folder, 'my-backend.js'), example);

const run = (...args: readonly string[]) => promisify(execFile)(process.execPath, [PROGRAM, ...args], { cwd: folder });

test('it keeps the contract', async (t) => {
  const { stdout, stderr } = await run('conformance', './my-backend.js');
  t.notRegex(stdout, /BROKEN/);
  t.regex(stderr, /my-backend keeps the contract: \d\d checks passed/);
});

test('a broken copy of it does not', async (t) => {
  writeFileSync(path.join(folder, 'broken.js'), example.replace('rows.delete(key', 'void (key'));
  const error = await t.throwsAsync(run('conformance', './broken.js'));
  t.is((error as { code?: unknown }).code, 3);
  t.regex((error as { stdout?: string }).stdout ?? '', /^BROKEN {2}a delete deletes/m);
});

test('it can be measured', async (t) => {
  const out = path.join(folder, 'run');
  const { stderr } = await run(
    'run',
    '--backend',
    './my-backend.js',
    '--profile',
    'smoke',
    '--workload',
    'synthetic:events=200000',
    '--out',
    out,
  );
  t.regex(stderr, /my-backend\/.*output right/);
});

test('every command that the README shows is one', async (t) => {
  const shown = [...readme.matchAll(/^npx statebench ([a-z]+)/gm)].map((match) => match[1]!);
  t.true(shown.length >= 6);
  const { stderr } = await run('--help');
  for (const command of shown) t.regex(stderr, new RegExp(`^ {2}${command} `, 'm'));
});
