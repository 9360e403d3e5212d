// Proves that the ranking fits the terminal, is plain ASCII or without colour where asked, says every verdict, and lets
// no escape sequence of the results through.
import test from 'ava';
import { inventResults, PROFILES, USUAL } from './fixtures.ts';
import { HOSTILE } from './hostile-text.ts';
import { displayWidth, renderTerminal, terminalOptions } from './terminal.ts';

const usual = inventResults(USUAL);

test('the usual run says who, by how much, and what failed', (t) => {
  const text = renderTerminal(usual, { columns: 80, color: false, unicode: true });
  t.regex(text, /^Use memory\.$/m);
  t.regex(text, /^2 +lmdb +\d+ +█.* slower +.*✓ exact$/m);
  t.regex(text, /^flink:rocksdb: ✕ failed during checkpoint/m);
  t.regex(text, /^aerospike: left out: /m);
  t.regex(text, /^– +hbase +– .*✕ wrong$/m);
});

test('more processes are compared with one, and with nothing else', (t) => {
  const several = inventResults({ ...USUAL, backends: 4, parallelisms: [1, 2], failing: [], wrong: ['level'], leftOut: [] });
  for (const columns of [40, 80, 100]) {
    const text = renderTerminal(several, { columns, color: false, unicode: true });
    t.true(text.split('\n').every((line) => displayWidth(line) <= columns));
    t.is(text.match(/^Use memory\.$/gm)?.length, 1, 'one answer, at the first number of processes');
  }
  const text = renderTerminal(several, { columns: 80, color: false, unicode: true });
  t.regex(text, /^lmdb +1 +\S+ +– +– +✓ exact +\d+ %$/m);
  t.regex(text, /^lmdb +2 +\S+ +1\.\d+ +1\.\d+ to 1\.\d+ +✓ exact +\d+ %$/m);
  t.regex(text, /^level +2 +– +– +– +✕ wrong/m);
  t.false(renderTerminal(usual, { columns: 80, color: false, unicode: true }).includes('Source'));
});

test('no line is longer than the terminal', (t) => {
  for (const columns of [40, 60, 80, 100, 200]) {
    for (const line of renderTerminal(usual, { columns, color: false, unicode: true }).split('\n'))
      t.true(displayWidth(line) <= Math.min(100, columns), `${columns}: ${line}`);
  }
});

test('ASCII is ASCII, and colour comes only where asked', (t) => {
  t.regex(renderTerminal(usual, { columns: 80, color: false, unicode: false }), /^[\n -~]*$/);
  t.true(renderTerminal(usual, { columns: 80, color: true, unicode: true }).includes('\u001b[32m'));
  t.false(renderTerminal(usual, { columns: 80, color: false, unicode: true }).includes('\u001b'));
});

test('the environment of the terminal is heeded', (t) => {
  t.deepEqual(terminalOptions({ LANG: 'en_US.UTF-8', TERM: 'xterm' }, 120, true), { columns: 120, color: true, unicode: true });
  t.deepEqual(terminalOptions({ LANG: 'C', NO_COLOR: '1' }, undefined, true), { columns: 80, color: false, unicode: false });
  t.false(terminalOptions({ TERM: 'dumb', LC_ALL: 'C.utf8' }, 80, true).color);
  t.false(terminalOptions({ LC_ALL: 'C.utf8' }, 80, false).color);
});

test('hostile text neither escapes nor widens the terminal', (t) => {
  const small = inventResults({ ...USUAL, backends: 2, profile: PROFILES.quick, failing: ['lmdb'], wrong: [] });
  for (const text of HOSTILE) {
    const spoilt = {
      ...small,
      plan: {
        ...small.plan,
        suite: text,
        reference: text,
        leftOut: [{ backend: text, reason: text, missed: true }],
        cells: small.plan.cells.map((cell) => ({
          ...cell,
          backend: { ...cell.backend, name: cell.backend.name === 'memory' ? text : cell.backend.name },
          workload: { ...cell.workload, name: text },
        })),
      },
      trials: small.trials.map((trial) => (trial.state === 'failed' ? { ...trial, message: text, code: text } : trial)),
    };
    const shown = renderTerminal(spoilt, { columns: 80, color: false, unicode: true });
    t.notRegex(shown.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}]/u, JSON.stringify(text));
    for (const line of shown.split('\n')) t.true(displayWidth(line) <= 80, JSON.stringify(line));
  }
});

test('smoke decides nothing', (t) => {
  const text = renderTerminal(inventResults({ ...USUAL, profile: PROFILES.smoke }), { columns: 80, color: false, unicode: true });
  t.regex(text, /^No answer yet\.$/m);
  t.regex(text, /insufficient/);
});
