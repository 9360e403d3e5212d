// Proves that somebody who names a workload is told of options that nothing follows from, and of rows that were passed over; and that
// where everything matters nothing is said.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadWorkload } from '../harness/modules.ts';
import { workloadRemarks } from './workload-remarks.ts';

const folder = mkdtempSync(join(tmpdir(), 'statebench-remarks-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

async function remarks(spec: string): Promise<readonly string[]> {
  const workload = await loadWorkload(spec);
  return workloadRemarks(workload, workload.create().settings);
}

test('options without effect are named', async (t) => {
  t.deepEqual(await remarks('synthetic:hotShare=0.5'), ['synthetic: hotShare has no effect beside the other options']);
  t.deepEqual(await remarks('synthetic:k=3,hotShare=0.5,aggregate=distinct'), [
    'synthetic: k, hotShare have no effect beside the other options',
  ]);
  t.deepEqual(await remarks('flights-delays@x:gap=1h'), ['flights-delays@x: gap has no effect beside the other options']);
  for (const spec of [
    'synthetic',
    'synthetic:distribution=hotspot,hotShare=0.5',
    'synthetic:aggregate=top-k,k=3',
    'interval-join:lower=-1s',
  ]) {
    t.deepEqual(await remarks(spec), [], spec);
  }
});

test('rows passed over are counted', async (t) => {
  const file = join(folder, 'own.csv');
  const spec = `event-file:file=${JSON.stringify(file)},time=ts,key=user,value=amount,skipBad=true`;
  writeFileSync(file, 'ts,user,amount\n1,a,1\n2,b,x\n');
  t.deepEqual(await remarks(spec), ['event-file passes over 1 bad row of own.csv']);
  writeFileSync(file, 'ts,user,amount\n1,a,1\n2,b,x\n,,\n');
  t.deepEqual(await remarks(spec), ['event-file passes over 2 bad rows of own.csv']);
  writeFileSync(file, 'ts,user,amount\n1,a,1\n');
  t.deepEqual(await remarks(spec), []);
});

test("of somebody's own workload nobody knows what has no effect", async (t) => {
  const file = join(folder, 'mine.mjs');
  const zod = import.meta.resolve('zod');
  writeFileSync(
    file,
    `import { z } from '${zod}'; export const options = z.strictObject({ a: z.int() }); export default () => ({ name: 'mine', settings: {}, source: async () => null });`,
  );
  t.deepEqual(await remarks(`${file}:a=1`), []);
});
