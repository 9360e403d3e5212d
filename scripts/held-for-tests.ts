/** For tests that end a run where they want to, however fast or slow the machine is. */
import { writeFileSync } from 'node:fs';
import { builtInFile } from '../harness/modules.ts';

/** A backend like memory, which never opens a store while the file that HOLD names in the environment is there and not empty. */
export const HELD_BACKEND = `import memory, { options } from ${JSON.stringify(builtInFile('backend', 'memory'))}; export { options };
import { statSync } from 'node:fs';
const isHeld = () => process.env.HOLD !== undefined && (statSync(process.env.HOLD, { throwIfNoEntry: false })?.size ?? 0) > 0;
export default (given) => ({ ...memory(given), async open(request) {
  while (isHeld()) await new Promise((resolve) => setTimeout(resolve, 10));
  return memory(given).open(request);
} });
`;

/** Writes {@link HELD_BACKEND} to a file. @returns its path */
export function writeHeld(file: string): string {
  writeFileSync(file, HELD_BACKEND);
  return file;
}
