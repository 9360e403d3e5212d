// Proves that the page of workloads is what the modules say, that a change would be seen, and that each command on it is one.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { builtIns } from '../../harness/modules.ts';
import { galleryPage } from './page.ts';

const PROGRAM = fileURLToPath(new URL('../statebench.js', import.meta.url));
const page = readFileSync(new URL('../../../docs/workloads.md', import.meta.url), 'utf8');

test('the page and the modules agree', async (t) => {
  const written = await galleryPage();
  t.is(page, written, 'docs/workloads.md is not what the workloads say: npm run gallery writes it');
  t.not(page.replace('rides', 'cabs').replace('Rides', 'Cabs'), written);
});

test('its commands run every workload', async (t) => {
  const commands = [...page.matchAll(/^npx statebench (run .*)$/gm)].map(([, words]) => words!.split(' '));
  const workloads = commands.map((words) => words[words.indexOf('--workload') + 1]);
  t.deepEqual(
    workloads.map((workload) => workload!.split(':')[0]),
    [...builtIns('workload')],
  );
  // Their plans in one: they differ in the workload alone.
  const [first] = commands;
  const all = [...first!, ...workloads.slice(1).flatMap((name) => ['--workload', name!]), '--dry-run', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...all]);
  for (const name of builtIns('workload')) t.true(stdout.includes(`"${name}"`), name);
});
