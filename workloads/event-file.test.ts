// Proves that events of a file go through every window and kind of aggregate as the oracle has it, with a crash on the way, that killed
// and divided runs give the same file of rows, that a reference makes the same workload elsewhere or is refused, and that impossible
// settings are refused with the reason.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { StateBackend } from '../backends/contract.ts';
import { operatorAnswer, operatorProblems } from '../harness/matrix/operator-run.ts';
import { create, loadBackend, loadWorkload, refOf } from '../harness/modules.ts';
import { writeOutput } from '../harness/output.ts';
import { type AggregateStage, EventBatch, type Workload, WorkloadError } from './contract.ts';

const CLICKS = fileURLToPath(new URL('../../docs/clicks.csv', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'statebench-event-file-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

const specOf = (more: string, file = CLICKS): string =>
  `event-file:file=${JSON.stringify(file)},time=ts,key=user,value=amount,watermarkEvery=90${more}`;
const make = async (more: string, file = CLICKS): Promise<Workload> => (await loadWorkload(specOf(more, file))).create();
const firstStage = ({ stages }: Workload) => stages[0] as AggregateStage;

/** Values as they are where their order is that of arrival, whole ones where parts are added up. */
const CHOICES: readonly string[] = [
  ',size=60000',
  ',size=60000,offset=-17000',
  ',size=60000,lateness=30000,delay=5000,aggregate=average',
  ',size=60000,keyed=false,aggregate=distinct,precision=6',
  ',size=60000,aggregate=median,lateness=20000',
  ',size=60000,slide=20000,window=sliding,aggregate=top-k,k=3',
  ',size=60000,slide=20000,window=sliding,panes=true,decimals=2',
  ',size=60000,slide=20000,window=sliding,panes=true,aggregate=exact-distinct',
  ',window=session,gap=20000,decimals=2,lateness=10000',
  ',window=session,gap=20000,aggregate=quantiles,sketchBits=5',
  ',window=session,gap=20000,aggregate=median',
  ',window=global',
  ',window=global,keyed=false,aggregate=average',
  ',size=60000,rollup=600000,decimals=2',
  ',size=60000,slide=20000,window=sliding,rollup=600000,rollupBy=all,decimals=2',
  ',size=60000,repeat=3,limit=700',
];

test('every choice gives what the oracle gives, also after a crash', async (t) => {
  for (const [i, more] of CHOICES.entries()) {
    const answer = await operatorAnswer(await make(more), 41 + i);
    t.true(answer.atEnd.ended.rows > 3, more);
    for (const batchSize of [1, 64, 1_000]) {
      const backend = await create<StateBackend>(await loadBackend('memory'));
      const run = { answer, backend, batchSize, directory: join(folder, `run-${i}`), wrap: <T>(store: T) => store };
      t.deepEqual(await operatorProblems(run), [], more);
    }
  }
  const late = await operatorAnswer(await make(',size=5000'), 7);
  t.true(late.atEnd.late[0]! > 0, 'some of the clicks are late');
});

test('killed and divided runs give the same rows', async (t) => {
  const workload = refOf(await loadWorkload(specOf(',size=60000,window=session,gap=20000,decimals=2')));
  const output = async (backend: string, killAfterEvents: readonly number[], parallelism: number): Promise<string> => {
    const to = join(folder, `${backend}-${killAfterEvents.length}-${parallelism}.csv`);
    const signal = new AbortController().signal;
    const run = { batchSize: 50, checkpointEveryEvents: 300, killAfterEvents, parallelism, seed: 1, directory: null, to, signal };
    await writeOutput({ workload, backend: refOf(await loadBackend(backend)), ...run });
    return readFileSync(to, 'utf8');
  };
  const whole = await output('memory', [], 1);
  t.true(whole.length > 5_000);
  t.is(await output('lmdb', [500, 1_400], 1), whole);
  t.is(await output('memory', [800], 2), whole);
});

test('settings in force say what was read and what matters', async (t) => {
  const plain = {
    file: 'clicks.csv',
    sha256: 'f00d',
    events: 2_000,
    skipped: 0,
    keyBytes: 8,
    time: 'ts',
    timeUnit: 'ms',
    key: 'user',
    value: 'amount',
    decimals: 0,
    skipBad: false,
    repeat: 1,
    keyed: true,
    aggregate: 'count-sum-min-max',
    delay: 0,
    watermarkEvery: 90,
    window: 'tumbling',
    separator: 'comma',
    size: 10_000,
    offset: 0,
    lateness: 0,
  };
  const settings = async (more: string) => {
    const made = (await make(more)).settings;
    t.regex(String(made.sha256), /^[0-9a-f]{64}$/);
    return { ...made, sha256: 'f00d' };
  };
  t.deepEqual(await settings(''), plain);
  const { size, offset: _, ...others } = plain;
  const session = await settings(',window=session,decimals=2,gap=700');
  t.deepEqual(session, { ...others, window: 'session', gap: 700, decimals: 2 } as unknown as typeof session);
  t.like(await settings(`,window=sliding,slide=${size / 2},limit=10,aggregate=top-k,k=4`), { slide: 5_000, panes: false, limit: 10, k: 4 });
  t.deepEqual(Object.keys(await settings(',aggregate=distinct')).sort(), [...Object.keys(plain), 'precision'].sort());
});

test('another process makes the same from the reference, wherever it runs, and refuses a file that changed', async (t) => {
  const file = join(folder, 'own.csv');
  writeFileSync(file, 'ts,user,amount\n1,a,1\n2,b,bad\n3,c,3\n');
  const loaded = await loadWorkload(specOf(',skipBad=true', file));
  const ref = JSON.parse(JSON.stringify(refOf(loaded)));
  t.like(ref.options, { file, skipBad: true });
  t.deepEqual((await create<Workload>(ref)).settings, loaded.create().settings);
  t.is(loaded.create().settings.skipped, 1);
  writeFileSync(file, 'ts,user,amount\n1,a,1\n2,b,bad\n3,c,4\n');
  await t.throwsAsync(create<Workload>(ref), { instanceOf: WorkloadError, message: /own\.csv is not what it was/ });
});

test('without an option that it needs it can be described, and not be made', async (t) => {
  const loaded = await loadWorkload('event-file');
  t.deepEqual(
    loaded.described.filter(({ required }) => required).map(({ name }) => name),
    ['file', 'time', 'key'],
  );
  t.throws(() => loaded.create(), { message: /option 'file' is needed/ });
  t.truthy(loaded.gallery?.example);
});

test('settings that cannot be are refused, with the reason', async (t) => {
  for (const [more, message] of [
    [',window=session', /window=session adds up parts in an order .* choose decimals=2/],
    [',window=session,aggregate=average', /choose decimals=2/],
    [',window=sliding,panes=true', /panes=true adds up parts/],
    [',rollup=60000', /rollup adds up parts/],
    [',panes=true', /panes need window=sliding: a tumbling window/],
    [',window=sliding,size=1000,slide=2000', /slide 2000 ms is greater than size 1000 ms/],
    [',window=session,gap=0,decimals=2', /gap 0 ms leaves a session no time/],
    [',window=global,lateness=5', /never closed/],
    [',window=global,aggregate=median', /would keep all/],
    [',window=global,rollup=5', /as often as others of its key come after it/],
    [',rollup=60000,aggregate=average,decimals=2', /with aggregate=average leave it out/],
    [',rollup=60000,lateness=5,decimals=2', /within lateness 5 ms/],
  ] as const) {
    const error = await t.throwsAsync(make(more), { instanceOf: WorkloadError, message }, more);
    t.is((error as WorkloadError).code, 'impossible-settings');
  }
  const odd = join(folder, 'odd.csv');
  const values = (text: string) => writeFileSync(odd, `ts,user,amount\n1,a,${text}\n9,b,0\n`);
  for (const [value, isFine] of [
    ['1048575.9', true],
    ['1048576', false],
    ['0.000001', true],
    ['-0.0000009', false],
  ] as const) {
    values(value);
    const made = make(',aggregate=quantiles', odd);
    if (isFine) await t.notThrowsAsync(made);
    else await t.throwsAsync(made, { message: /aggregate=quantiles tells magnitudes from 2\^-20 to 2\^20 apart/ }, value);
  }
  writeFileSync(odd, 'ts,user,amount\n0001-01-01,a,1\n9999-12-31,b,2\n');
  await t.throwsAsync(make(',repeat=40', odd), {
    code: 'bad-data',
    message: /cannot be played more than 14 times.* one of their times is wrong/,
  });
  const endless = await (await make('', odd)).source({ seed: 1, endless: true });
  t.throws(() => endless.seek(100) ?? endless.fill(new EventBatch(8, endless), 8), { message: /cannot be played more than 14 times/ });
  const fine = await make(',size=60000,keyed=false,aggregate=top-k,k=7');
  t.like(firstStage(fine), { keyPrefixBytes: 0, allowedLatenessMs: 0, aggregate: { name: 'top-k', parameters: { k: 7 } } });
});
