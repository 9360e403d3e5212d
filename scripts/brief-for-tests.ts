/**
 * The command line, for tests only: as `statebench.ts`, but what takes seconds to be measured is measured for a moment. Processes, files,
 * words and exit codes are the same.
 */
import { PROFILES } from '../harness/profiles.ts';
import { statebench } from './command-line.ts';

const MEASURED_SECONDS = 0.2;

for (const profile of [PROFILES.smoke, PROFILES.quick]) Object.assign(profile, { measuredSeconds: MEASURED_SECONDS });
await statebench(process.argv.slice(2));
