// Proves that a state which fits in a store's own memory, or whose files fit in the machine's, is marked and told, and that no other is.
import test from 'ava';
import { caveatsOf } from './caveats.ts';
import { inventResults, PROFILES, USUAL } from './fixtures.ts';
import { renderPage } from './page/page.ts';
import type { Results } from './read-results.ts';
import { inMemoryOf } from './state-in-memory.ts';
import { summarise } from './statistics/summary.ts';
import { renderTerminal } from './terminal.ts';

const GB = 1e9;
const whole = inventResults({ ...USUAL, backends: 4, profile: PROFILES.quick, failing: [], wrong: [], leftOut: [] });

type Settings = Readonly<Record<string, string | number | boolean>>;

/** The results with these settings in force, and states and files of so many bytes. */
function resultsWith(settings: Readonly<Record<string, Settings>>, stateBytes: number, filesBytes: number | null): Results {
  const trials = whole.trials.map((trial) => {
    if (trial.state === 'failed') return trial;
    const backend = { ...trial.backend, settings: settings[trial.backend.name] ?? {} };
    return {
      ...trial,
      backend,
      liveState: { entries: 1000, bytes: stateBytes },
      disk: { workingBytes: filesBytes, checkpointBytes: null },
    };
  });
  return { ...whole, trials };
}

const SETTINGS = {
  memory: { memoryBytes: 4 * GB },
  lmdb: { pageCache: true },
  rocksdb: { pageCache: true, memoryBytes: 1 * GB },
  level: { pageCache: true, memoryBytes: 3 * GB },
};

const found = (results: Results) =>
  [...inMemoryOf(summarise(results.plan, results.trials), results.environment)].map(([id, { where }]) => `${id.split('/')[0]} ${where}`);

test('own memory first, then that of the machine; a store without files has no choice and is not marked', (t) => {
  t.is(whole.environment.memoryBytes, 24 * GB);
  t.deepEqual(found(resultsWith(SETTINGS, 2 * GB, 5 * GB)).toSorted(), ['level own', 'lmdb page-cache', 'rocksdb page-cache']);
  t.deepEqual(found(resultsWith(SETTINGS, 2 * GB, 25 * GB)), ['level own']);
  t.deepEqual(found(resultsWith(SETTINGS, 4 * GB, 25 * GB)), []);
  t.deepEqual(found(resultsWith(SETTINGS, 4 * GB, null)).length, 3, 'where files are not known, the state is');
  t.deepEqual(found(resultsWith({}, 1, 1)), []);
  t.deepEqual(found(resultsWith(SETTINGS, 0, 1)), [], 'counted when it was empty');
  const uncounted = whole.trials.map((trial) => (trial.state === 'failed' ? trial : { ...trial, liveState: null }));
  t.deepEqual(found({ ...resultsWith(SETTINGS, 1, 1), trials: uncounted }), []);
});

test('several processes have as much memory each', (t) => {
  const results = inventResults({ ...USUAL, backends: 2, parallelisms: [2], profile: PROFILES.quick, failing: [], wrong: [] });
  const trials = results.trials.map((trial) =>
    trial.state === 'failed'
      ? trial
      : {
          ...trial,
          backend: { ...trial.backend, settings: { pageCache: true, memoryBytes: 1 * GB } },
          liveState: { entries: 1, bytes: 1.9 * GB },
        },
  );
  t.deepEqual(found({ ...results, trials }).toSorted(), ['lmdb own', 'memory own']);
});

test('it is a note with the sizes, and a mark in terminal and page', async (t) => {
  const results = resultsWith(SETTINGS, 2 * GB, 5 * GB);
  const notes = caveatsOf(results, summarise(results.plan, results.trials)).filter(({ text }) => text.includes('°'));
  t.deepEqual(
    notes.map(({ tone }) => tone),
    ['note', 'note'],
  );
  t.regex(notes[0]!.text, /^° This state fits in the cache.*: level \(2\.0 GB of 3\.0 GB\)\.$/);
  t.regex(notes[1]!.text, /page cache of this machine \(24 GB of memory\).*: lmdb \(2\.0 GB\), rocksdb \(2\.0 GB\)\.$/);
  const text = renderTerminal(results, { columns: 80, color: false, unicode: true });
  for (const name of ['lmdb', 'rocksdb', 'level']) t.regex(text, new RegExp(`^\\d +${name} ° +\\d`, 'm'));
  t.regex(text, /^\d +memory +\d/m);
  t.regex(renderTerminal(results, { columns: 40, color: false, unicode: false }), /^\d +lmdb \* +\d/m);
  const page = await renderPage(results);
  t.is(page.match(/<small>° in its own cache/g)?.length, 1);
  t.is(page.match(/<small>° in the page cache/g)?.length, 2);
  t.false(renderTerminal(whole, { columns: 80, color: false, unicode: true }).includes('°'));
});
