// Proves every operator on level against the oracle, with and without a crash, at batch 1 and 1,024, and under SIGKILL.
import test from 'ava';
import { loadBackend } from '../modules.ts';
import { provesOperators } from './proves-operators.ts';

provesOperators(test.serial, () => loadBackend('level'));
