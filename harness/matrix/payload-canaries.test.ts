// Proves that every byte that a store was given takes part in the output: a run of each operator that keeps payloads gives other rows than
// the oracle where a backend cuts values to 32 bytes, keeps 16 bits of their length, or returns another key's payload. So does a run of
// operators with wide accumulators all under one key, where what an arena held before would be the right answer.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { StateBackend } from '../../backends/contract.ts';
import { builtInFile, create, loadWorkload } from '../modules.ts';
import { operatorAnswer, operatorProblems } from './operator-run.ts';

const SEED = 7;
const STREAM = 'keys=5,keyBytes=8,ratePerSecond=100,watermarkEvery=7,delay=50';
const directory = mkdtempSync(join(tmpdir(), 'statebench-payload-canaries-'));
test.after.always('remove the folder', () => rmSync(directory, { recursive: true, force: true }));

/** Operators that keep whole events, by what they are given besides the stream and the payload. */
const KEEPS_EVENTS = [
  'tumbling-holistic:size=200',
  'tumbling-holistic:size=200,aggregate=exact-distinct',
  'tumbling-holistic:size=100,late=0.2,lateness=200',
  'sliding-holistic:size=200,slide=100',
  'sliding-holistic:size=200,slide=100,panes=true',
  'session-holistic:gap=40',
  'window-join:size=200',
  'window-join:window=sliding,size=200,slide=100',
  'interval-join:lower=-100,upper=100',
  'continuous-join:right=0.5',
  'continuous-join:right=0.8',
];

/** An element takes 65,552 bytes, and arenas are for a thousand of them: once each operator is enough, over few events. */
const KEEPS_LARGE_EVENTS = [0, 3, 5, 6, 8, 9].map((i) => KEEPS_EVENTS[i]!);

async function problemsOf(spec: string, canary: string): Promise<readonly string[]> {
  const file = builtInFile('backend', 'canaries');
  const backend = await create<StateBackend>({ kind: 'backend', name: canary, file, options: { canary } });
  const answer = await operatorAnswer((await loadWorkload(spec)).create(), SEED);
  // One event at a time: no two that are joined come in one micro-batch, so that one of them comes from the store.
  return await operatorProblems({ answer, backend, batchSize: 1, directory: join(directory, 'run'), wrap: (store) => store });
}

for (const [canary, payload, events, operators] of [
  ['32-byte-values', 'payload=constant,payloadBytes=40', 60, KEEPS_EVENTS],
  ['another-keys-payload', 'payload=constant,payloadBytes=40', 60, KEEPS_EVENTS],
  ['16-bit-lengths', 'payload=constant,payloadBytes=65536', 30, KEEPS_LARGE_EVENTS],
] as const) {
  for (const operator of operators) {
    const spec = `${operator},${STREAM},events=${events},${payload}`;
    test.serial(`${canary}: ${operator}`, async (t) => {
      t.deepEqual(await problemsOf(spec, 'none'), [], 'a correct backend passes');
      const problems = (await problemsOf(spec, canary)).join('\n');
      t.regex(problems, /rows, run through/);
      t.regex(problems, /state at the cut/);
    });
  }
}

for (const operator of [
  'continuous-aggregation:aggregate=top-k',
  'tumbling-incremental:size=200,aggregate=top-k',
  'sliding-incremental:size=200,slide=100,panes=true,aggregate=top-k',
  'session-incremental:gap=40,aggregate=top-k',
]) {
  test.serial(`32-byte-values: ${operator}, all under one key`, async (t) => {
    const spec = `${operator},keyed=false,${STREAM},events=60`;
    t.deepEqual(await problemsOf(spec, 'none'), [], 'a correct backend passes');
    t.regex((await problemsOf(spec, '32-byte-values')).join('\n'), /rows, run through/);
  });
}
