// Proves that the suite fits other test runners, says what it did not try, and refuses what is no backend.
import nodeTest from 'node:test';
import test from 'ava';
import { backendFrom, conformance, conformanceChecks, type TestFunction } from './conformance.ts';

// Compiles only if these runners fit.
const runners: readonly TestFunction[] = [test, test.serial, nodeTest];

const plain = backendFrom(import.meta.resolve('./canaries.js'));

test('every check is registered, under a name of its own', (t) => {
  t.is(runners.length, 3);
  const titles: string[] = [];
  conformance((title) => titles.push(title), plain);
  t.deepEqual(
    titles,
    conformanceChecks.map(({ name }) => name),
  );
  t.is(new Set(titles).size, titles.length);
});

test('what a plain function cannot try is said in the title, and does not count as tried', async (t) => {
  const tests: { title: string; run: (t: object) => Promise<void> }[] = [];
  conformance(
    (title, run) => tests.push({ title, run }),
    () => plain(),
  );
  const untried = tests.filter(({ title }) => title.includes('NOT TRIED'));
  t.is(untried.length, 3);
  for (const { run } of untried) await t.notThrowsAsync(run({}));
  const killed = conformanceChecks.find(({ name }) => untried[0]?.title.startsWith(name));
  await t.throwsAsync(async () => killed?.run(() => plain()), { message: /backendFrom/ });
});

test('a module that is no backend is refused with what to do', async (t) => {
  await t.throwsAsync(async () => backendFrom(import.meta.resolve('./contract.js'))(), {
    instanceOf: TypeError,
    message: /export a zod schema as 'options'/,
  });
});

test('options are checked by the schema of the backend', async (t) => {
  await t.throwsAsync(async () => backendFrom(import.meta.resolve('./canaries.js'), { cannary: 'none' })(), { message: /cannary/ });
});
