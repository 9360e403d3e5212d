// Proves that every preset gives the events and the rows that it gave when this was written, on the engine that runs the tests: rows by the
// oracle, by the pipeline, and by pipelines over 2, 3 and 7 parts of the stream together. `npm run test:long -- engines` tries other engines.
import test from 'ava';
import { builtIns } from '../../harness/modules.ts';
import { WorkloadError } from '../../workloads/contract.ts';
import { PRESETS, type PresetDigests, presetDigests, problemIn } from './preset-digests.ts';

/** The first 64 bits of the digests of the events and of the rows, in the order of the presets. Other ones are another workload: a line in the CHANGELOG. */
const PINNED: readonly string[] = [
  '5822330e9ba4f84e 3999e8adfd013fe2',
  '5822330e9ba4f84e 69908addcc320642',
  '5822330e9ba4f84e 4797d0552e2f03e3',
  '5822330e9ba4f84e 6aa2edb7ef276925',
  '5822330e9ba4f84e 342f5113651a2584',
  '5f4d728775c66262 a28b3ddca9a0c35c',
  '5822330e9ba4f84e d4b57347431450cd',
  '5822330e9ba4f84e d2696b33610fbe9a',
  '6ea30e5c729aa19d 263936cf82c2199d',
  '6ea30e5c729aa19d 263936cf82c2199d',
  '6ea30e5c729aa19d a5c22557fc2b8bc7',
  '27948a0fd502ffa8 2f193ea4bbb988fc',
  'f702d37e85b15ef2 16f8e9fe42b49f4f',
  'b94deb512af4e258 ae639439c1146c40',
  '1c437d934e291c70 9a69084fae7aa2ef',
  'c8007fc5255409f5 28ffd13034a8ad95',
  '4f6f7a849f2e0f31 2e82c6166fd0e97d',
  '576636d8044ed95b 235d778d29a1940f',
  'af24132bf2baf620 2874802d60ec7e18',
  '9c93283f4e890ebe cd7427ae9c30b5f0',
  'd0121cbb21c2b7f5 3d4f65ffe829a26c',
  '737747e3ddc36901 807e9e317f6cdc17',
  'c827a3bf9fdd9ce6 a6db82dcff0f5806',
  '554f96a22cd94a5d 0ac09ddafad7d6c9',
];

test('every workload that is built in is among the presets, and each is pinned', (t) => {
  t.deepEqual([...new Set(PRESETS.map((spec) => spec.split(':')[0]!))].sort(), [...builtIns('workload')]);
  t.is(PINNED.length, PRESETS.length);
});

for (const [index, spec] of PRESETS.entries()) {
  test(spec, async (t) => {
    const digests = await presetDigests(spec).catch((error: unknown) => {
      // The data of real flights is an optional package.
      if (error instanceof WorkloadError && error.code === 'missing-data' && process.env.CI === undefined) return null;
      throw error;
    });
    if (digests === null) {
      t.pass('left out: npm install vega-datasets');
      return;
    }
    t.is(problemIn(digests), null);
    t.is(`${digests.events.slice(0, 16)} ${digests.oracle.slice(0, 16)}`, PINNED[index]!);
  });
}

test('a division that loses or changes a row is found', (t) => {
  const right: PresetDigests = { events: 'e', oracle: 'a', alone: 'a', divided: ['a', 'a', 'a'], rows: 1 };
  t.is(problemIn(right), null);
  t.regex(problemIn({ ...right, divided: ['a', 'b', 'a'] }) ?? '', /divided by 3 the rows are b, alone a/);
  t.regex(problemIn({ ...right, alone: 'b' }) ?? '', /the pipeline gave b, the oracle a/);
  t.regex(problemIn({ ...right, rows: 0 }) ?? '', /no row/);
});
