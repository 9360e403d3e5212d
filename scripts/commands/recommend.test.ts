// Proves that the command reads a results folder, answers by its needs, and ends with 2 and the nearest right word for a need
// that there is not.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { inventResults, PROFILES, USUAL } from '../../reports/fixtures.ts';
import { circumstancesOf, needsOf } from './recommend.ts';

const STATEBENCH = fileURLToPath(new URL('../statebench.js', import.meta.url));

test('a misspelt need is told with the nearest right word, before anything is read', (t) => {
  t.throws(() => needsOf(['recovry<=5s']), { code: 'bad-value', message: /Did you mean 'recovery'\?$/ });
  t.throws(() => needsOf(['durability>=process']), { code: 'bad-value', message: /Did you mean 'process-crash'\?$/ });
  t.throws(() => needsOf(['p99<=20']), { code: 'bad-value', message: /with its unit/ });
  const { status, stdout, stderr } = spawnSync(process.execPath, [STATEBENCH, 'recommend', '/nowhere', '--need', 'latncy<=5s'], {
    encoding: 'utf8',
  });
  t.is(status, 2);
  t.is(stdout, '');
  t.regex(stderr, /there is no 'latncy'/);
});

test('reports a bad checkpoint interval or input rate with the flag and what it takes', (t) => {
  t.deepEqual(circumstancesOf({}), { intervalMs: 60_000, inputRate: null });
  t.deepEqual(circumstancesOf({ checkpointInterval: '30s', inputRate: '50k' }), { intervalMs: 30_000, inputRate: 50_000 });
  t.throws(() => circumstancesOf({ checkpointInterval: 'often' }), {
    code: 'bad-value',
    message: /^--checkpoint-interval: 'often' is no checkpoint interval: give a number above 0 with its unit/,
  });
  const { status, stdout, stderr } = spawnSync(process.execPath, [STATEBENCH, 'recommend', '/nowhere', '--input-rate', '0'], {
    encoding: 'utf8',
  });
  t.is(status, 2);
  t.is(stdout, '');
  t.regex(stderr, /--input-rate: '0' is no input rate: give events per second/);
});

test('a results folder is answered on stdout, as JSON where asked', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'statebench-recommend-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const { plan, environment, trials } = inventResults({ ...USUAL, backends: 3, profile: PROFILES.quick, failing: [], wrong: [] });
  writeFileSync(path.join(folder, 'plan.json'), JSON.stringify(plan));
  writeFileSync(path.join(folder, 'environment.json'), JSON.stringify(environment));
  writeFileSync(path.join(folder, 'trials.ndjson'), trials.map((trial) => `${JSON.stringify(trial)}\n`).join(''));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [STATEBENCH, 'recommend', folder, '--json', '--need', 'durability>=process-crash'],
    {
      encoding: 'utf8',
    },
  );
  t.is(stderr, '');
  t.is(status, 0);
  t.deepEqual(JSON.parse(stdout).groups[0].picks, ['lmdb']);
});
