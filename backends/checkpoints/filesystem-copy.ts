/** Makes a worker thread's copy of a space of the filesystem storage. */
import { spaceOfCopy } from './filesystem.ts';

export default spaceOfCopy;
