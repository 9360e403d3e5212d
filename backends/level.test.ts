// Proves that the LevelDB backend keeps the contract, with a write buffer so small that files are compacted meanwhile too.
import test from 'ava';
import { backendFrom, conformance } from './conformance.ts';

conformance(test, backendFrom(import.meta.resolve('./level.js'), {}));
conformance(
  (title, run) => test(`small buffers: ${title}`, run),
  backendFrom(import.meta.resolve('./level.js'), { writeBufferBytes: 64 << 10, cacheBytes: 0 }),
);
