// Proves that a run whose plan is replaced can be resumed at any moment: with the old plan until the new one is written, and with no other.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadBackend } from './modules.ts';
import { loadRunModules, replacePlan, writeResumeFile } from './resume-file.ts';

test('a run can be resumed before and after its plan is replaced, and not with a plan that was changed by others', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'statebench-resume-file-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const plan = join(folder, 'plan.json');
  const names = async () => (await loadRunModules(folder, [])).map(({ name }) => name);
  writeResumeFile(folder, 'old', [await loadBackend('memory')]);
  await writeFile(plan, 'old');
  t.deepEqual(await names(), ['memory']);
  replacePlan(folder, 'new');
  t.deepEqual(await names(), ['memory']);
  await writeFile(plan, 'old');
  t.deepEqual(await names(), ['memory'], 'killed before the new plan was written');
  await writeFile(plan, 'other');
  await t.throwsAsync(names(), { code: 'cannot-resume', message: /plan\.json was changed/ });
});
