/** `npm start`: the default run alone, the command line where arguments follow `--`. */
import { statebench } from './command-line.ts';

const given = process.argv.slice(2);
await statebench(given.length === 0 ? ['run'] : given);
