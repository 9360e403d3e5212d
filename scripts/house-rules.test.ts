// Proves that imports keep to the direction data flows in, and that files keep the house rules; each message says the fix.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = ['backends', 'workloads', 'harness', 'reports', 'scripts'] as const;
const CONTRACTS = ['backends/contract.ts', 'workloads/contract.ts', 'backends/checkpoints/contract.ts'];
/** The row file is one format for the dumps of backends and for state on its way from one to another, which the harness carries. */
const SHARED_FORMATS = ['backends/rows/row-file.ts'];
/** What backends share: rows in files, checkpoints by epochs, and what takes a server. */
const SHARED_PARTS = ['backends/rows/', 'backends/epochs/', 'backends/served/'];
/** Names the places where a process can be made to fail. Storages and the harness both have some, and it imports nothing. */
const FAIL_POINTS = 'backends/checkpoints/fail-points.ts';
const LONGEST_FILE_LINES = 500;

const sources = FOLDERS.filter((folder) => existsSync(path.join(ROOT, folder))).flatMap((folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.split(path.sep).join('/')}`)
    .filter((file) => file.endsWith('.ts') && !file.startsWith('reports/out/') && !file.includes('node_modules/')),
);

interface Import {
  readonly from: string;
  /** A file from the root, or a package's name. */
  readonly to: string;
  readonly isPackage: boolean;
  readonly isType: boolean;
}

/** Static imports, re-exports and dynamic imports of literals. */
const IMPORT = /^(?:import|export)\s+(type\s)?[^'"`;]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm;

function importsOf(from: string, text: string): readonly Import[] {
  return [...text.matchAll(IMPORT)].flatMap(([, type, named, bare, dynamic]): readonly Import[] => {
    const to = named ?? bare ?? dynamic ?? '';
    if (to.startsWith('node:')) return [];
    const isType = type !== undefined;
    if (to.startsWith('.')) return [{ from, to: path.posix.join(path.posix.dirname(from), to), isPackage: false, isType }];
    const name = to.split('/', to.startsWith('@') ? 2 : 1).join('/');
    return [{ from, to: name, isPackage: true, isType }];
  });
}

/** `backends/lmdb.ts` and what lies in `backends/lmdb/` are one part; so are conformance and its broken backends. */
function partOf(file: string): string {
  const part = file.replace(/\.ts$/, '').split('/').slice(0, 2).join('/');
  return part === 'backends/canaries' ? 'backends/conformance' : part;
}

/** The fix, if an import goes against the direction; null if it is right. */
function fixOf({ from, to, isPackage, isType }: Import): string | null {
  const [folder] = from.split('/');
  const inFolder = to.startsWith(`${folder}/`);
  if (from === 'backends/checkpoints/contract.ts' && isType && to === 'backends/contract.ts') return null;
  if (from === FAIL_POINTS) return 'fail-points import nothing, since both sides of the contracts name them';
  if (CONTRACTS.includes(from)) return 'a contract imports nothing: move what it needs into it, or what needs it out of it';
  if (isPackage) return null;
  switch (folder) {
    case 'backends': {
      if (!inFolder) return 'a backend knows only backends/contract.ts: hand it what it needs as an option';
      const shared = to === 'backends/contract.ts' || SHARED_PARTS.some((part) => to.startsWith(part)) || partOf(to) === partOf(from);
      return shared ? null : `backends know backends/contract.ts and ${SHARED_PARTS.join(', ')}, not each other: move what both need there`;
    }
    case 'workloads':
      return inFolder ? null : 'workloads know workloads/contract.ts and each other: move what it needs into workloads/';
    case 'harness':
      if (inFolder || CONTRACTS.includes(to) || SHARED_FORMATS.includes(to) || to === FAIL_POINTS) return null;
      return 'the harness knows contracts, never a backend, a workload or a report: load it by name through harness/modules.ts, or move the code to scripts/';
    case 'reports':
      if (inFolder || to === 'harness/results.ts') return null;
      return 'reports read results and know harness/results.ts alone: put what they need into the results';
    default:
      if (inFolder || to.startsWith('harness/') || to.startsWith('reports/') || CONTRACTS.includes(to)) return null;
      if (to === 'backends/conformance.ts' || to === FAIL_POINTS) return null;
      return 'scripts load backends and workloads by name through harness/modules.ts';
  }
}

function directionsOf(file: string, text: string): readonly string[] {
  return importsOf(file, text).flatMap((found) => {
    const fix = fixOf(found);
    return fix === null ? [] : [`${found.from} imports ${found.to}: ${fix}`];
  });
}

const MARKERS: readonly (readonly [RegExp, string])[] = [
  [/\b(TO|FIX)(DO|ME)\b|\bXXX\b|\bHACK\b/, 'finish it, or open an issue'],
  [/(biome|oxlint|eslint)-(ignore|disable)/, 'mend the code instead of silencing the rule'],
  [/@ts-(ignore|expect-error|nocheck)/, 'mend the types'],
  [/\b(test|serial)\.(skip|only|failing|todo)\(/, 'every test runs, or registers the reason why it cannot'],
  [/(^|[^\w.])\/(work|root|home\/[a-z]+)\//m, 'name no folder of one machine'],
];

/** Where the wall clock is read to compare it with times that other programs took from it. All else is a label: `new Date()`. */
const WALL_CLOCK: ReadonlySet<string> = new Set([
  'harness/measure/clock.ts', // watches for steps of the wall clock
  'harness/flink/own-task-managers.ts', // Flink's times
  'harness/flink/recovery.ts', // Flink's times
  'harness/flink/usage.ts', // Flink's times
  'harness/flink/wall-clock.test.ts', // plants a step of the wall clock
  'scripts/selftest/clock-check.ts', // plants a step of the wall clock
]);
const WALL_CLOCK_READ = /\bDate\.now\b|\bgetTime\(\) -|- \w+\.getTime\(\)|\bnew Date\(\)\.getTime\b|performance\.timeOrigin/;

function ruleBreaksOf(file: string, text: string): readonly string[] {
  const breaks: string[] = [];
  const name = path.posix.basename(file).replace(/(\.test|\.d)?\.ts$/, '');
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) breaks.push('name the file in kebab-case');
  if (file.split(/[/.]/).some((part) => /^(utils?|common|helpers?|misc|index)$/.test(part))) breaks.push('name the one thing in it');
  const lines = text.split('\n').length;
  if (lines > LONGEST_FILE_LINES) breaks.push(`${lines} lines hold more than one thing: part it`);
  for (const [marker, fix] of MARKERS) {
    const found = marker.exec(text);
    if (found !== null) breaks.push(`'${found[0].trim()}': ${fix}`);
  }
  const read = WALL_CLOCK_READ.exec(text);
  if (read !== null && !WALL_CLOCK.has(file))
    breaks.push(
      `'${read[0]}': the wall clock may be set at any time; take durations from nowNs() of harness/measure/clock.ts or performance.now()`,
    );
  return breaks.map((problem) => `${file}: ${problem}`);
}

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const isTest = (file: string): boolean => file.endsWith('.test.ts');

test('imports keep to the direction of data', (t) => {
  t.true(sources.length > 20, 'the sources were not found');
  const wrong = sources.filter((file) => !isTest(file)).flatMap((file) => directionsOf(file, read(file)));
  t.deepEqual(wrong, []);
});

test('a backend takes one package, and zod for its options', (t) => {
  const packages = new Map<string, Set<string>>();
  for (const file of sources.filter((name) => name.startsWith('backends/') && !isTest(name))) {
    const part = partOf(file);
    for (const { to, isPackage } of importsOf(file, read(file))) {
      if (isPackage && to !== 'zod') packages.set(part, (packages.get(part) ?? new Set()).add(to));
    }
  }
  const wrong = [...packages].filter(([, names]) => names.size > 1).map(([part, names]) => `${part} imports ${[...names].join(' and ')}`);
  t.deepEqual(wrong, []);
});

test('files keep the house rules', (t) => {
  const self = 'scripts/house-rules.test.ts';
  t.deepEqual(
    sources.filter((file) => file !== self).flatMap((file) => ruleBreaksOf(file, read(file))),
    [],
  );
});

test('the lockfile names no download addresses', (t) => {
  t.false(read('package-lock.json').includes('"resolved": "http'));
});

for (const [from, line] of [
  ['backends/contract.ts', `import { z } from 'zod';`],
  ['backends/lmdb.ts', `import { open } from './memory.ts';`],
  ['backends/lmdb.ts', `import type { Plan } from '../harness/results.ts';`],
  ['backends/checkpoints/fail-points.ts', `import { messageOf } from '../../harness/errors.ts';`],
  ['workloads/flights.ts', `import { failPoint } from '../backends/checkpoints/fail-points.ts';`],
  ['workloads/flights.ts', `import { StateBatch } from '../backends/contract.ts';`],
  ['harness/run.ts', `import lmdb from '../backends/lmdb.ts';`],
  ['harness/run.ts', `const late = await import('../workloads/flights.ts');`],
  ['harness/run.ts', `export { page } from '../reports/page.ts';`],
  ['reports/page.ts', `import {\n  makePlan,\n} from '../harness/plan.ts';`],
  ['scripts/run.ts', `import '../backends/redis.ts';`],
] as const) {
  test(`found: ${from} with ${line.replaceAll('\n', ' ')}`, (t) => {
    t.is(directionsOf(from, line).length, 1);
  });
}

for (const [file, text] of [
  ['harness/runPlan.ts', ''],
  ['harness/utils.ts', ''],
  ['harness/common/plan.ts', ''],
  ['harness/plan.ts', '\n'.repeat(LONGEST_FILE_LINES + 1)],
  ['harness/plan.ts', '// TODO later'],
  ['harness/plan.test.ts', 'test.only("x", () => {})'],
  ['harness/plan.ts', `const at = '/home/me/data';`],
  ['harness/plan.ts', 'const startedMs = Date.now();'],
  ['harness/plan.ts', 'const ms = ended.getTime() - startedAt.getTime();'],
] as const) {
  test(`found: ${file} with ${JSON.stringify(text.slice(0, 30))}`, (t) => {
    t.is(ruleBreaksOf(file, text).length, 1);
  });
}
