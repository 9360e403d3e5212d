/** `npm run picture -- RESULTS TO.png`: the top of a run's report as a picture, as the README shows it. Needs Chromium. */
import path from 'node:path';
import { takePicture } from './report-picture.ts';

const [results, to] = process.argv.slice(2);
if (results === undefined || to === undefined) {
  process.stderr.write('usage: npm run picture -- RESULTS_FOLDER PICTURE.png\n');
  process.exit(2);
}
await takePicture(path.resolve(results, 'report.html'), to);
