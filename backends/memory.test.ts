// Proves that the memory backend keeps the contract.
import test from 'ava';
import { backendFrom, conformance } from './conformance.ts';

conformance(test, backendFrom(import.meta.resolve('./memory.js')));
