// Proves that the SQLite backend keeps the contract, with a log and a cache so small that pages move all the time too.
import test from 'ava';
import { backendFrom, conformance } from './conformance.ts';

conformance(test, backendFrom(import.meta.resolve('./sqlite.js'), {}));
conformance(
  (title, run) => test(`small log: ${title}`, run),
  backendFrom(import.meta.resolve('./sqlite.js'), { walBytes: 4096, cacheBytes: 1 << 16, mapBytes: 1 << 30 }),
);
