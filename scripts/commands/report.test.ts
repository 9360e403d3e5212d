// Proves that several folders make one page, that a folder which cannot be read is named and left out, and that such a page is
// written nowhere but where it is asked for.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { inventResults, PROFILES, USUAL } from '../../reports/fixtures.ts';

const STATEBENCH = fileURLToPath(new URL('../statebench.js', import.meta.url));

const report = (...args: readonly string[]) => spawnSync(process.execPath, [STATEBENCH, 'report', ...args], { encoding: 'utf8' });

test('several folders, one of them of a later schema, make a page of those that are whole', (t) => {
  const home = mkdtempSync(path.join(tmpdir(), 'statebench-report-'));
  t.teardown(() => rmSync(home, { recursive: true }));
  const folders = [1, 2, 3].map((seed) => {
    const folder = path.join(home, `run-${seed}`);
    mkdirSync(folder);
    const { plan, environment, trials } = inventResults({ ...USUAL, seed, backends: 2, profile: PROFILES.smoke, failing: [], wrong: [] });
    writeFileSync(path.join(folder, 'plan.json'), JSON.stringify(seed === 2 ? { ...plan, schema: 99 } : plan));
    writeFileSync(path.join(folder, 'environment.json'), JSON.stringify(environment));
    writeFileSync(path.join(folder, 'trials.ndjson'), trials.map((trial) => `${JSON.stringify(trial)}\n`).join(''));
    return folder;
  });
  const to = path.join(home, 'all.html');
  const { status, stderr } = report(...folders, '--to', to, '--plain');
  t.is(status, 2);
  t.regex(stderr, /left out: .*run-2: plan\.json has schema 99; this Statebench reads up to 1/);
  t.is(readFileSync(to, 'utf8').match(/<article /g)?.length, 2);
  t.is(stderr.match(/No answer yet/g)?.length, 2);

  const nowhere = report(folders[0]!, folders[2]!);
  t.is(nowhere.status, 2);
  t.regex(nowhere.stderr, /name the file to write with --to/);
  t.false(existsSync(path.join(folders[0]!, 'report.html')));
});
