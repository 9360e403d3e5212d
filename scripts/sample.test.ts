// Proves that the committed sample can be read by the schema of today, that it gives the answer which the README claims of it, and that the
// report beside it is of these results and fetches nothing.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { isPartial, readResults } from '../reports/read-results.ts';
import { verdict } from './measuring.ts';
import { SAMPLE, sampleText, withSampleText } from './sample-text.ts';

test('the sample is whole, small, and says what the README says', async (t) => {
  const results = await readResults(SAMPLE);
  t.false(isPartial(results));
  t.is(verdict(results), 0);
  const readme = readFileSync('README.md', 'utf8');
  t.is(withSampleText(readme, sampleText(results)), readme, 'npm run sample -- FOLDER writes it anew');
  const report = readFileSync(path.join(SAMPLE, 'report.html'), 'utf8');
  t.true(report.includes(`from the results of ${results.plan.startedAt.slice(0, 16).replace('T', ' ')} UTC`));
  t.true(report.includes('default-src &#39;none&#39;'));
  for (const file of ['plan.json', 'environment.json', 'trials.ndjson.gz', 'report.html'])
    t.true(statSync(path.join(SAMPLE, file)).size < 2_500_000, file);
});
