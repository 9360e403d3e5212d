// Proves that the recommendation fits a terminal, keeps to ASCII where asked, lets no escape sequence through, and that its
// JSON says the same as its text.
import test from 'ava';
import { inventResults, PROFILES, USUAL } from './fixtures.ts';
import { HOSTILE } from './hostile-text.ts';
import { inventMicro } from './invented-micro.ts';
import { NO_NEEDS, withNeed } from './recommend/needs.ts';
import { recommendationsOf, recommendJson, recommendText } from './recommendation-text.ts';
import { displayWidth } from './terminal.ts';

const usual = inventResults(USUAL);
const needs = ['throughput>=100k', 'p99<=20ms', 'rss<=1GB', 'durability>=process-crash'].reduce(withNeed, NO_NEEDS);

test('the text says which, why, what every other misses, and what would change it, within the terminal', (t) => {
  const found = recommendationsOf(usual, needs);
  for (const columns of [40, 80, 200]) {
    const text = recommendText(found, { columns, color: false, unicode: true });
    for (const line of text.split('\n')) t.true(displayWidth(line) <= Math.min(100, columns), `${columns}: ${line}`);
  }
  const text = recommendText(found, { columns: 100, color: false, unicode: true });
  t.regex(text, /^Use lmdb\.$/m);
  t.regex(text, /^It meets all four limits and handles 2\.\d+ × the events of level/m);
  t.regex(text, /^memory +✕ misses: memory 1\.4\d GB, 4\d % over · state lost with the process/m);
  t.regex(text, /^hbase +✕ wrong output:/m);
  t.regex(text, /^· If memory may be 1\.5 GB and the working state may go with the process/m);
  t.notRegex(text, /1,000 draws/, 'no draw could give another answer');
  t.regex(text, /are latency at 70 % of the rate/);
  const questions = text.slice(text.indexOf('\nlmdb\n'));
  t.regex(questions, /^\nlmdb\n {2}Performance: .* events\/s, tier 2; /);
  t.regex(questions, /^ {2}Reliability: output exact in 10 of 10 trials; .*\n[^A-Z]*process\n {2}State management: /m);
});

test('what the micro-suite found of expiry, maps and carrying over is told of the backends that it measured, and of no other', (t) => {
  const operations = ['valueGet', 'valueGetTtl', 'mapEntries', 'rescaleOut'];
  const questionsOf = (micro: ReturnType<typeof inventMicro> | null) => {
    const text = recommendText(recommendationsOf(usual, needs, micro), { columns: 100, color: false, unicode: true });
    return (name: string) => new RegExp(`\\n${name}\\n(.*?)\\n\\n`, 's').exec(text)![1]!.replace(/\s+/g, ' ');
  };
  const told = questionsOf(inventMicro(3, 0.1, ['memory', 'rocksdb'], operations));
  t.regex(told('memory'), /a value with an expiry is read in 5\d\d ns, 5\d\d ns without \(micro\); a map of ten .* carried to another/);
  t.notRegex(told('lmdb'), /\(micro\)/);
  t.notRegex(questionsOf(null)('memory'), /\(micro\)/);
  const other = inventMicro(3, 0.1, ['memory', 'rocksdb'], operations);
  const survivor = { ...other, backends: other.backends.map((backend) => ({ ...backend, durability: 'os-crash' as const })) };
  t.notRegex(questionsOf(survivor)('memory'), /\(micro\)/, 'another durability is another store');
});

test('ASCII is ASCII, and hostile names neither escape nor widen', (t) => {
  const small = inventResults({ ...USUAL, backends: 2, profile: PROFILES.quick, failing: ['lmdb'], wrong: [] });
  for (const text of HOSTILE) {
    const named = {
      ...small,
      plan: { ...small.plan, cells: small.plan.cells.map((cell) => ({ ...cell, backend: { ...cell.backend, name: text } })) },
    };
    const told = recommendText(recommendationsOf(named, NO_NEEDS), { columns: 80, color: false, unicode: false });
    t.regex(told, /^[\n -~]*$/);
    for (const line of told.split('\n')) t.true(line.length <= 80, line);
  }
});

test('the JSON says what the text says, with the figures behind it', (t) => {
  const [group] = (JSON.parse(JSON.stringify(recommendJson(recommendationsOf(usual, needs)))) as { groups: never[] }).groups as {
    kind: string;
    picks: string[];
    needs: string[];
    backends: {
      name: string;
      outcome: string;
      needs: { need: string; state: string; interval: { low: number; high: number } | null }[];
      answers: Record<string, string[]>;
    }[];
    stability: { shares: { backends: string[]; share: number }[] } | null;
  }[];
  t.is(group?.kind, 'pick');
  t.deepEqual(group?.picks, ['lmdb']);
  t.deepEqual(group?.needs, ['throughput>=100000', 'p99<=20ms', 'rss<=1GB', 'durability>=process-crash']);
  const memory = group?.backends.find(({ name }) => name === 'memory');
  t.is(memory?.outcome, 'misses');
  const rss = memory?.needs.find(({ need }) => need === 'rss<=1GB');
  t.is(rss?.state, 'missed');
  t.true((rss?.interval?.low ?? 0) > 1e9);
  t.deepEqual(Object.keys(memory?.answers ?? {}), ['Performance', 'Reliability', 'State management']);
  t.is(group?.stability, null, 'no draw of the blocks could give another answer');
});
