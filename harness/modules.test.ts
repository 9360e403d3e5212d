// Proves that built-ins are found by what they export, that a stranger's module takes the same road, that what is wrong
// with a module says what to export, and that another process can make the same thing from its reference.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { StateBackend } from '../backends/contract.ts';
import type { Workload } from '../workloads/contract.ts';
import { StatebenchError } from './errors.ts';
import { builtIns, create, loadBackend, loadStorage, loadWorkload, refOf } from './modules.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'statebench-modules-test-'));
test.after.always('remove the modules', () => rmSync(folder, { recursive: true, force: true }));
function moduleFile(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, `import { z } from '${import.meta.resolve('zod')}';\n${text}`);
  return file;
}

const MINE = `
export const description = 'Mine.';
export const options = z.strictObject({ cacheBytes: z.int().min(1).default(1000), url: z.string().default('') });
export default (options) => ({ name: 'whatever', settings: { ...options }, durability: 'volatile', open: async () => {}, restore: async () => {} });
`;

test('built-ins are files that export options and a default', (t) => {
  const root = fileURLToPath(new URL('../', import.meta.url));
  t.true(builtIns('backend').includes('lmdb'));
  for (const name of ['contract', 'conformance', 'canaries']) t.false(builtIns('backend').includes(name), name);
  t.deepEqual(builtIns('storage'), ['filesystem', 'hdfs']);
  t.deepEqual(builtIns('backend', path.join(root, 'nowhere')), []);
});

test('options that are times are described with their unit', async (t) => {
  const synthetic = ['burstEvery', 'burstLength', 'delay', 'disorderMs'] as const;
  for (const [workload, names] of [
    ['flights-delays', ['size', 'slide', 'gap']],
    ['session-holistic', [...synthetic, 'gap', 'lateness']],
    ['interval-join', [...synthetic, 'lower', 'upper']],
    ['continuous-aggregation', synthetic],
    ['sliding-incremental', [...synthetic, 'size', 'slide', 'offset', 'lateness']],
    ['tumbling-holistic', [...synthetic, 'size', 'offset', 'lateness']],
    ['synthetic', [...synthetic, 'size', 'offset', 'lateness']],
  ] as const) {
    const { described } = await loadWorkload(workload);
    const times = described.filter(({ takes }) => takes.includes(' of ms ')).map(({ name }) => name);
    t.deepEqual(times.sort(), [...names].sort(), workload);
  }
  t.is((await loadWorkload('synthetic:size=10s')).create().settings.size, 10_000);
});

test('every built-in can be loaded and describes its options', async (t) => {
  for (const name of builtIns('backend')) {
    const backend = await loadBackend(name);
    t.not(backend.description, '', name);
    for (const { name: option, description } of backend.described) t.not(description, '', `${name}: ${option}`);
  }
  for (const name of builtIns('workload')) {
    const workload = await loadWorkload(name);
    t.not(workload.description, '', name);
    const example = workload.gallery?.example;
    const made = (example === undefined ? workload : await loadWorkload(`${name}:${example}`)).create();
    t.is(typeof made.settings, 'object');
  }
  for (const name of builtIns('storage')) t.not((await loadStorage(name)).description, '', name);
});

test('a module by path is named after its file, its bare word and its label', async (t) => {
  const file = moduleFile('my-backend.mjs', MINE);
  const loaded = await loadBackend(`${file}@v2:64kb`);
  t.is(loaded.name, 'my-backend:64kb@v2');
  t.is(loaded.description, 'Mine.');
  t.is(loaded.server, null);
  t.deepEqual(loaded.options, { cacheBytes: 64_000 });
  t.deepEqual(loaded.create().settings, { cacheBytes: 64_000, url: '' });
  t.deepEqual(loaded.with({ key: 'url', value: 'a' }).create().settings, { cacheBytes: 64_000, url: 'a' });
});

test('a workload that says what it is there for is heard, and another works as well', async (t) => {
  const gallery = { job: 'A', operations: 'B', stresses: 'C' };
  const mine = `export const options = z.strictObject({}); export default () => ({ name: 'mine', settings: {}, source: async () => null });`;
  const loaded = (name: string, more: string) => loadWorkload(moduleFile(name, `${mine}\n${more}`));
  t.deepEqual((await loaded('told.mjs', `export const gallery = ${JSON.stringify({ ...gallery, more: 1 })};`)).gallery, gallery);
  for (const [name, more] of [
    ['untold.mjs', ''],
    ['null.mjs', 'export const gallery = null;'],
    ['odd.mjs', 'export const gallery = { job: 1 };'],
  ] as const) {
    const workload = await loaded(name, more);
    t.is(workload.gallery, null, name);
    t.is(workload.create().name, 'mine', name);
  }
  for (const name of builtIns('workload')) t.truthy((await loadWorkload(name)).gallery, name);
});

test('a workload that has to read something first does so, and what it found is pinned for another process', async (t) => {
  const mine = `
let read = 0;
export const options = z.strictObject({ word: z.string(), seen: z.string().default('') });
export const prepare = async ({ word, seen }) => {
  if (seen !== '' && seen !== word + '!') throw new Error('it changed');
  return { pinned: { seen: word + '!' }, material: [word, ++read] };
};
export default ({ word, seen }, material) => ({ name: 'mine', settings: { word, seen, material: material.join() }, source: async () => null });
`;
  const file = moduleFile('prepared.mjs', mine);
  const loaded = await loadWorkload(`${file}:word=a`);
  t.deepEqual(loaded.create().settings, { word: 'a', seen: 'a!', material: 'a,1' });
  t.deepEqual(loaded.create().settings, { word: 'a', seen: 'a!', material: 'a,1' }, 'it was read once');
  const ref = JSON.parse(JSON.stringify(refOf(loaded)));
  t.deepEqual(ref.options, { word: 'a', seen: 'a!' });
  t.deepEqual((await create<Workload>(ref)).settings, { word: 'a', seen: 'a!', material: 'a,2' });
  await t.throwsAsync(create<Workload>({ ...ref, options: { ...ref.options, word: 'b' } }), { message: 'it changed' });
  const without = await loadWorkload(file);
  t.throws(() => without.create(), { code: 'bad-value', message: /option 'word' is needed/ });
});

test('another process makes the same from the reference', async (t) => {
  const loaded = await loadBackend(`${moduleFile('again.mjs', MINE)}:cacheBytes=5`);
  const ref = JSON.parse(JSON.stringify(refOf(loaded)));
  t.deepEqual((await create<StateBackend>(ref)).settings, loaded.create().settings);
});

for (const [name, text, message] of [
  ['empty.mjs', '', /must export a default function \(options\) => StateBackend and 'options', a zod schema/],
  ['no-options.mjs', 'export default () => ({});', /must export 'options', a zod schema/],
  ['no-default.mjs', 'export const options = z.strictObject({});', /must export a default function/],
  ['no-zod.mjs', 'export const options = { parse: () => ({}) }; export default () => ({});', /made with zod 4/],
  ['throws.mjs', `throw new Error('on purpose');`, /cannot be loaded: on purpose/],
  ['syntax.mjs', 'export default (;', /cannot be loaded: Unexpected token/],
  [
    'package.mjs',
    `import 'no-such-package'; export const options = z.strictObject({}); export default () => ({});`,
    /Install what it imports in/,
  ],
] as const) {
  test(`refuses ${name}`, async (t) => {
    const file = moduleFile(name, text);
    const error = await t.throwsAsync(loadBackend(file), { instanceOf: StatebenchError, code: 'bad-module' });
    t.regex(error?.message ?? '', message);
  });
}

test('what a module makes must be a backend', async (t) => {
  const file = moduleFile('half.mjs', `export const options = z.strictObject({}); export default () => ({ name: 'half', settings: {} });`);
  const loaded = await loadBackend(file);
  t.throws(() => loaded.create(), { code: 'bad-module', message: /must return a StateBackend with name, settings, open\(\), restore\(\)/ });
});

for (const [spec, message] of [
  ['lmbd', /there is no backend 'lmbd'\. Did you mean 'lmdb'\?/],
  ['contract', /there is no backend 'contract'/],
  ['constructor', /there is no backend 'constructor'/],
  ['./no-such.js', /there is no file/],
  ['file://host/x.js', /is not the URL of a file/],
] as const) {
  test(`refuses ${spec}`, async (t) => {
    const error = await t.throwsAsync(loadBackend(spec), { instanceOf: StatebenchError });
    t.regex(error?.message ?? '', message);
  });
}
