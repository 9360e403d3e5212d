/**
 * `npm run sample -- RESULTS`: makes of a finished run the sample that is committed: its results, compact, the report made from them, the
 * picture of that and what the README says of it. Needs Chromium. A run that is partial, or in which something failed, is refused.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { isPartial, readResults } from '../reports/read-results.ts';
import { verdict } from './measuring.ts';
import { takePicture } from './report-picture.ts';
import { writePage } from './results-folder.ts';
import { SAMPLE, sampleText, withSampleText } from './sample-text.ts';

const [from] = process.argv.slice(2);
if (from === undefined) {
  process.stderr.write('usage: npm run sample -- RESULTS_FOLDER\n');
  process.exit(2);
}
const results = await readResults(from);
if (isPartial(results) || verdict(results) !== 0) {
  process.stderr.write(`${from} is no sample: it is partial, or a backend did not finish with the right output\n`);
  process.exit(1);
}
const README = fileURLToPath(new URL('../../README.md', import.meta.url));
const PICTURE = fileURLToPath(new URL('../../reports/picture.png', import.meta.url));
mkdirSync(SAMPLE, { recursive: true });
for (const file of ['plan.json', 'environment.json']) copyFileSync(path.join(from, file), path.join(SAMPLE, file));
writeFileSync(path.join(SAMPLE, 'trials.ndjson.gz'), gzipSync(readFileSync(path.join(from, 'trials.ndjson')), { level: 9 }));
const report = path.join(SAMPLE, 'report.html');
await writePage({ results, micro: null }, report);
await takePicture(report, PICTURE);
writeFileSync(README, withSampleText(readFileSync(README, 'utf8'), sampleText(results)));
