// Proves that the LMDB backend keeps the contract, with pages written to the file and with pages changed in the map.
import test from 'ava';
import { backendFrom, conformance } from './conformance.ts';

conformance(test, backendFrom(import.meta.resolve('./lmdb.js'), {}));
conformance(
  (title, run) => test(`writeMap: ${title}`, run),
  backendFrom(import.meta.resolve('./lmdb.js'), { writeMap: true, mapBytes: 1 << 20 }),
);
