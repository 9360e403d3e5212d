// Proves that the documented example backend, copied as it stands, keeps the contract and can be measured, and that the
// commands shown in README and docs exist.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAM = fileURLToPath(new URL('./statebench.js', import.meta.url));
const BRIEF = fileURLToPath(new URL('./brief-for-tests.js', import.meta.url));

const DOCS = path.join(ROOT, 'docs');
const pages = [
  path.join(ROOT, 'README.md'),
  ...readdirSync(DOCS)
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(DOCS, name)),
].map((file) => ({ file, text: readFileSync(file, 'utf8') }));
const guide = pages.find(({ file }) => file.endsWith('your-own-backend.md'))!.text;
const example = /```js\n(.*?)```/s.exec(guide)?.[1] ?? '';

// In the clone, where the page says that the file belongs.
mkdirSync(path.join(ROOT, 'reports', 'out'), { recursive: true });
const folder = mkdtempSync(path.join(ROOT, 'reports', 'out', 'readme-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(path.join(folder, 'my-backend.js'), example);

const runOf = (program: string, args: readonly string[]) => promisify(execFile)(process.execPath, [program, ...args], { cwd: folder });
const run = (...args: readonly string[]) => runOf(PROGRAM, args);

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
  const measured = ['run', '--backend', './my-backend.js', '--profile', 'smoke', '--workload', 'synthetic:events=200000'];
  const { stderr } = await runOf(BRIEF, [...measured, '--out', out]);
  t.regex(stderr, /my-backend\/.*output right/);
});

test('every command that README and docs show is one', async (t) => {
  const shown = new Set(pages.flatMap(({ text }) => [...text.matchAll(/^(?:npx )?statebench ([a-z]+)/gm)].map((match) => match[1]!)));
  t.true(shown.size >= 10);
  const { stderr } = await run('--help');
  for (const command of shown) t.regex(stderr, new RegExp(`^ {2}${command} `, 'm'));
});

test('every link between the pages leads somewhere', (t) => {
  let links = 0;
  for (const { file, text } of pages) {
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      t.true(existsSync(path.resolve(path.dirname(file), target!)), `${path.relative(ROOT, file)}: ${target}`);
      links++;
    }
  }
  t.true(links >= 20);
});
