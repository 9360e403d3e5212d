// Proves that every preset says what it is, gives the same events on every machine (the first 100,000 are pinned; those of the
// synthetic ones were computed by a second program in Python as well), reaches the state it
// is meant to have, makes late events that are truly late, says of its settings those that matter and with these makes the same again, and
// refuses settings that cannot be.
import { createHash } from 'node:crypto';
import test from 'ava';
import { z } from 'zod';
import * as continuousAggregation from './continuous-aggregation.ts';
import * as continuousJoin from './continuous-join.ts';
import {
  type AggregateStage,
  EventBatch,
  type Gallery,
  type SlidingWindow,
  type Source,
  stageColumns,
  stageKeyBytes,
  type TumblingWindow,
  type Workload,
  WorkloadError,
} from './contract.ts';
import * as flightsDelays from './flights-delays.ts';
import * as intervalJoin from './interval-join.ts';
import * as sessionHolistic from './session-holistic.ts';
import * as sessionIncremental from './session-incremental.ts';
import * as slidingHolistic from './sliding-holistic.ts';
import * as slidingIncremental from './sliding-incremental.ts';
import { eventDigest } from './sources/event-digest.ts';
import * as synthetic from './synthetic.ts';
import * as tumblingHolistic from './tumbling-holistic.ts';
import * as tumblingIncremental from './tumbling-incremental.ts';
import * as windowJoin from './window-join.ts';

const EVENTS = 100_000;

type Settings = Readonly<Record<string, string | number | boolean>>;

const PRESETS: Readonly<
  Record<
    string,
    { readonly description: string; readonly gallery: Gallery; readonly options: z.ZodObject; make(settings: Settings): Workload }
  >
> = {
  'continuous-aggregation': {
    ...continuousAggregation,
    make: (settings) => continuousAggregation.default(continuousAggregation.options.parse(settings)),
  },
  'flights-delays': { ...flightsDelays, make: (settings) => flightsDelays.default(flightsDelays.options.parse(settings)) },
  'sliding-holistic': { ...slidingHolistic, make: (settings) => slidingHolistic.default(slidingHolistic.options.parse(settings)) },
  'continuous-join': { ...continuousJoin, make: (settings) => continuousJoin.default(continuousJoin.options.parse(settings)) },
  'interval-join': { ...intervalJoin, make: (settings) => intervalJoin.default(intervalJoin.options.parse(settings)) },
  'session-holistic': { ...sessionHolistic, make: (settings) => sessionHolistic.default(sessionHolistic.options.parse(settings)) },
  'session-incremental': {
    ...sessionIncremental,
    make: (settings) => sessionIncremental.default(sessionIncremental.options.parse(settings)),
  },
  'sliding-incremental': {
    ...slidingIncremental,
    make: (settings) => slidingIncremental.default(slidingIncremental.options.parse(settings)),
  },
  synthetic: { ...synthetic, make: (settings) => synthetic.default(synthetic.options.parse(settings)) },
  'tumbling-holistic': { ...tumblingHolistic, make: (settings) => tumblingHolistic.default(tumblingHolistic.options.parse(settings)) },
  'window-join': { ...windowJoin, make: (settings) => windowJoin.default(windowJoin.options.parse(settings)) },
  'tumbling-incremental': {
    ...tumblingIncremental,
    make: (settings) => tumblingIncremental.default(tumblingIncremental.options.parse(settings)),
  },
};

function make(name: string, settings: Settings = {}): Workload {
  return PRESETS[name]!.make(settings);
}

/** Text of every event, so that the digest does not hang on the machine's byte order. */
function digest(source: Source): string {
  const batch = new EventBatch(1_000, { keyBytes: source.keyBytes, width: 1 });
  const hash = createHash('sha256');
  for (let left = EVENTS; left > 0; left -= batch.length) {
    source.fill(batch, left);
    for (let i = 0; i < batch.length; i++) {
      const key = Buffer.from(batch.keys.buffer, i * source.keyBytes, source.keyBytes).toString('latin1');
      hash.update(`${key} ${batch.timestamps[i]} ${batch.values[i]}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}

for (const [name, settings, pinned] of [
  ['flights-delays', {}, 'f8fd1b8c1f7ad526'],
  ['flights-delays', { arrivals: 'actual', limit: EVENTS }, '673e4b82020634b1'],
  ['synthetic', {}, '1e90f997878fe83e'],
  ['synthetic', { distribution: 'zipf' }, '54143c86b04728f8'],
  ['synthetic', { distribution: 'zipf', exponent: 1.3, scrambled: false, keys: 10_000_000, keyBytes: 32 }, 'f58e96464e47f715'],
  ['synthetic', { distribution: 'hotspot', keyBytes: 8 }, '6d33044132a045b6'],
  ['synthetic', { disorder: 0.2, late: 0.05, delay: 2_000, ratePerSecond: 333 }, '7246037c586e2bf6'],
  ['session-holistic', {}, '1e90f997878fe83e'],
  ['session-incremental', { gap: 500, lateness: 100 }, '1e90f997878fe83e'],
  ['continuous-aggregation', {}, '1e90f997878fe83e'],
  ['sliding-holistic', {}, '1e90f997878fe83e'],
  ['sliding-incremental', {}, '1e90f997878fe83e'],
  ['sliding-incremental', { keyed: false, aggregate: 'quantiles', panes: true, lateness: 1_000 }, '1e90f997878fe83e'],
  ['tumbling-incremental', {}, '1e90f997878fe83e'],
  ['tumbling-holistic', {}, '1e90f997878fe83e'],
  ['window-join', {}, '1e90f997878fe83e'],
  ['interval-join', {}, '1e90f997878fe83e'],
  ['continuous-join', {}, '1e90f997878fe83e'],
] as const) {
  test(`the first events of ${name} ${JSON.stringify(settings)} are pinned`, async (t) => {
    t.is(digest(await make(name, settings).source({ seed: 1, endless: true })), pinned);
  });
}

const firstPanes = (workload: Workload) => (firstWindow(workload) as SlidingWindow).panes;
const aggregates = (workload: Workload) => workload.stages as readonly AggregateStage[];

function firstWindow(workload: Workload): TumblingWindow | SlidingWindow {
  return aggregates(workload)[0]!.window as TumblingWindow | SlidingWindow;
}

test('each preset describes itself and its options, and runs with none given', async (t) => {
  for (const [name, { description, gallery, options }] of Object.entries(PRESETS)) {
    t.regex(description, /^[A-Z][^.]+\.$/, name);
    t.deepEqual(Object.keys(gallery), ['job', 'operations', 'stresses'], name);
    for (const words of Object.values(gallery)) t.true(words.length > 10 && !words.includes('  '), name);
    for (const [field, schema] of Object.entries(options.shape)) t.truthy((schema as z.ZodType).description, `${name}: ${field}`);
    const workload = make(name);
    t.is(workload.name, name);
    t.throws(() => options.parse({ nonsense: 1 }), { instanceOf: z.ZodError });
    const source = await workload.source({ seed: 1, endless: false });
    t.true(Number.isFinite(source.events));
    let keyBytes = source.keyBytes;
    for (const [i, stage] of workload.stages.entries()) {
      t.true(stage.keyPrefixBytes <= keyBytes);
      keyBytes = stageKeyBytes(stage);
      const before = workload.stages[i - 1];
      const { inputWidth } = stage.kind === 'aggregate' ? stage.aggregate : stage;
      t.is(inputWidth, before === undefined ? source.width : stageColumns(before).length);
    }
    t.deepEqual(make(name, workload.settings).settings, workload.settings, 'the settings in force make the same workload');
  }
});

/** By what is chosen, the settings that matter for it and no other choice. */
const CHOICES: readonly (readonly [chosen: Settings, matters: Settings])[] = [
  [{}, {}],
  [{ distribution: 'zipf' }, { exponent: 1.2, scrambled: false }],
  [{ distribution: 'latest' }, { exponent: 0.7 }],
  [{ distribution: 'hotspot' }, { hotFraction: 0.1, hotShare: 0.7 }],
  [{ distribution: 'ecdf' }, { ecdf: '0.2:0.9;1:1' }],
  [{ regime: 'growing' }, { growOver: 500 }],
  [{ regime: 'expiring' }, { turnover: 300 }],
  [{ arrivals: 'burst' }, { burstEvery: 100, burstLength: 10, burstFactor: 3 }],
  [{ disorder: 0.5 }, { disorderMs: 70 }],
  [{ payload: 'constant' }, { payloadBytes: 30, compressibility: 0.5 }],
  [{ payload: 'lognormal' }, { payloadBytes: 50, payloadSpread: 9, payloadMax: 80, compressibility: 0 }],
];

test('the settings in force are those that matter, and make the same events', async (t) => {
  const everything = Object.assign({}, ...CHOICES.map(([, matters]) => matters));
  const content = async (workload: Workload) => {
    const { name, watermark, stages } = workload;
    const events = eventDigest(await workload.source({ seed: 4, endless: false }), 2_000, 500);
    return { name, watermark, stages: JSON.stringify(stages), events };
  };
  for (const name of Object.keys(PRESETS).filter((preset) => preset !== 'flights-delays')) {
    const always = Object.keys(make(name).settings);
    for (const [chosen, matters] of CHOICES) {
      const where = `${name} ${JSON.stringify(chosen)}`;
      const given = { keys: 50, ...chosen, ...matters };
      const made = make(name, given);
      t.deepEqual(Object.keys(made.settings).sort(), [...always, ...Object.keys(matters)].sort(), where);
      t.like(made.settings, given, where);
      t.deepEqual(await content(make(name, made.settings)), await content(made), where);
      // Options that do not matter make no difference, but that a map of keys and a file are read where they are named.
      const besides = { ...everything, ecdf: '', ...(chosen.payload === 'constant' ? { payloadMax: 0 } : {}), ...given };
      t.deepEqual(await content(make(name, besides)), await content(made), where);
    }
  }
});

test('joins are the stages they should be, of events with their payload', (t) => {
  const key = { keyPrefixBytes: 16, inputWidth: 1 };
  t.deepEqual(make('window-join').stages, [{ kind: 'window-join', ...key, window: { kind: 'tumbling', sizeMs: 2_000, offsetMs: 0 } }]);
  const sliding = make('window-join', { window: 'sliding' });
  t.deepEqual(sliding.stages, [
    { kind: 'window-join', ...key, window: { kind: 'sliding', sizeMs: 2_000, slideMs: 1_000, offsetMs: 0, panes: false } },
  ]);
  t.deepEqual(make('interval-join', { upper: 0 }).stages, [{ kind: 'interval-join', ...key, lowerMs: -1_000, upperMs: 0 }]);
  t.deepEqual(make('continuous-join').stages, [{ kind: 'continuous-join', ...key }]);
  for (const name of ['window-join', 'interval-join', 'continuous-join']) {
    const [stage] = make(name, { payload: 'constant', payloadBytes: 100 }).stages;
    t.true(stage!.kind !== 'aggregate' && stage!.inputWidth > 13, name);
  }
});

test('the options of operators are what they say', (t) => {
  const stage = (name: string, settings: Settings = {}) => aggregates(make(name, settings))[0]!;
  for (const aggregate of ['count-sum-min-max', 'average', 'distinct', 'top-k', 'quantiles']) {
    for (const name of ['synthetic', 'tumbling-incremental', 'sliding-incremental', 'continuous-aggregation']) {
      t.like(stage(name, { aggregate }), { keyPrefixBytes: 16, allowedLatenessMs: 0, aggregate: { kind: 'incremental', name: aggregate } });
    }
  }
  for (const aggregate of ['median', 'exact-distinct']) {
    for (const name of ['tumbling-holistic', 'sliding-holistic'])
      t.like(stage(name, { aggregate }).aggregate, { kind: 'holistic', name: aggregate });
  }
  t.like(stage('tumbling-holistic', { keyed: false, lateness: 7 }), { keyPrefixBytes: 0, allowedLatenessMs: 7 });
  t.deepEqual(stage('sliding-holistic', { panes: true }).window, {
    kind: 'sliding',
    sizeMs: 10_000,
    slideMs: 2_000,
    offsetMs: 0,
    panes: true,
  });
  t.deepEqual(stage('continuous-aggregation').window, { kind: 'global' });
});

test('windows start so long after multiples of their size or slide as is chosen', (t) => {
  for (const name of ['synthetic', 'tumbling-incremental', 'tumbling-holistic', 'window-join', 'sliding-incremental', 'sliding-holistic']) {
    const chosen = make(name, { offset: -3_600_000 });
    t.is(firstWindow(chosen).offsetMs, -3_600_000, name);
    t.is(chosen.settings.offset, -3_600_000, name);
    t.is(firstWindow(make(name)).offsetMs, 0, name);
  }
});

test('the precision of distinct, the k of top-k and the buckets of quantiles are what is chosen, and are settings where they matter', (t) => {
  const everything = { precision: 14, k: 1_000, sketchBits: 6 };
  const bytesMax = 20_500;
  for (const [aggregate, option, by, parameters] of [
    ['distinct', 'precision', 10, { precision: 14 }],
    ['top-k', 'k', 10, { k: 1_000 }],
    ['quantiles', 'sketchBits', 3, { subBits: 6 }],
  ] as const) {
    for (const name of ['synthetic', 'tumbling-incremental', 'sliding-incremental', 'session-incremental', 'continuous-aggregation']) {
      const [usual, chosen] = [make(name, { aggregate }), make(name, { aggregate, ...everything })];
      t.is(usual.settings[option], by);
      t.is(chosen.settings[option], everything[option]);
      const others = Object.keys(everything).filter((other) => other !== option);
      for (const other of others) t.false(Object.hasOwn(chosen.settings, other), `${name} ${aggregate}: ${other}`);
      const { aggregate: made } = aggregates(chosen)[0]!;
      t.like(made.parameters, parameters);
      t.true(made.kind === 'incremental' && made.accumulatorWidth * 8 <= bytesMax, aggregate);
    }
  }
  for (const [option, value] of [
    ['precision', 3],
    ['precision', 15],
    ['k', 0],
    ['k', 1_001],
    ['sketchBits', -1],
    ['sketchBits', 7],
  ] as const) {
    t.throws(() => make('synthetic', { [option]: value }), { instanceOf: z.ZodError });
  }
});

test('synthetic is tumbling-incremental by another name', (t) => {
  const settings = { keys: 5, size: 70, aggregate: 'top-k', lateness: 3 };
  const [one, other] = [make('synthetic', settings), make('tumbling-incremental', settings)];
  t.deepEqual(one.settings, other.settings);
  t.deepEqual({ ...one.stages[0], aggregate: null }, { ...other.stages[0], aggregate: null });
});

test('flights-delays is the chain it should be', (t) => {
  const scheduled = make('flights-delays');
  t.deepEqual(scheduled.watermark, { delayMs: 0, everyEvents: 1_000 });
  t.deepEqual(make('flights-delays', { arrivals: 'actual' }).watermark, { delayMs: 10_800_000, everyEvents: 1_000 });
  t.deepEqual(
    aggregates(scheduled).map(({ keyPrefixBytes, window, aggregate }) => [keyPrefixBytes, window, aggregate.name, aggregate.inputWidth]),
    [
      [6, { kind: 'tumbling', sizeMs: 3_600_000, offsetMs: 0 }, 'count-sum-min-max', 1],
      [3, { kind: 'tumbling', sizeMs: 86_400_000, offsetMs: 0 }, 'count-sum-min-max', 4],
    ],
  );
  const sliding = make('flights-delays', { window: 'sliding', slide: 600_000 });
  t.deepEqual(aggregates(sliding)[0]!.window, { kind: 'sliding', sizeMs: 3_600_000, slideMs: 600_000, offsetMs: 0, panes: false });
  const bySession = make('flights-delays', { window: 'session', gap: 600_000 });
  t.deepEqual(aggregates(bySession)[0]!.window, { kind: 'session', gapMs: 600_000 });
  t.deepEqual(aggregates(bySession)[1]!.window, aggregates(scheduled)[1]!.window);
  t.deepEqual(bySession.settings, { limit: 3_000_000, repeat: 1, arrivals: 'scheduled', window: 'session', gap: 600_000 });
  t.true(firstPanes(make('flights-delays', { window: 'sliding', panes: true })));
  t.deepEqual(scheduled.settings, { limit: 3_000_000, repeat: 1, arrivals: 'scheduled', window: 'tumbling', size: 3_600_000 });
});

test('a window of the default synthetic stream holds its 100,000 keys', async (t) => {
  for (const name of ['synthetic', 'sliding-incremental', 'tumbling-holistic']) {
    const workload = make(name);
    const source = await workload.source({ seed: 2, endless: false });
    const batch = new EventBatch(10_000, { keyBytes: 16, width: 1 });
    const keys = new Set<string>();
    const window = firstWindow(workload);
    const end = 1_700_000_000_000 + window.sizeMs;
    for (let open = true; open && source.fill(batch, 10_000) > 0; ) {
      for (let i = 0; i < batch.length && open; i++) {
        open = batch.timestamps[i]! < end;
        if (open) keys.add(Buffer.from(batch.keys.buffer, i * 16, 16).toString('latin1'));
      }
    }
    t.true(keys.size > 99_900, `${name}: ${keys.size}`);
  }
});

/** Whether a watermark has closed all windows of an event at `timeMs`; an interval join has none. */
function closedBy(workload: Workload): (timeMs: number, watermarkMs: number) => boolean {
  if (workload.stages[0]!.kind === 'interval-join') return (timeMs, watermarkMs) => timeMs < watermarkMs;
  const window = firstWindow(workload);
  const slideMs = window.kind === 'sliding' ? window.slideMs : window.sizeMs;
  const stage = workload.stages[0]!;
  const latenessMs = stage.kind === 'aggregate' ? stage.allowedLatenessMs : 0;
  return (timeMs, watermarkMs) => Math.floor(timeMs / slideMs) * slideMs + window.sizeMs - 1 + latenessMs <= watermarkMs;
}

test('events made to be late are late, as many as asked for, and without disorder beyond the delay no other is', async (t) => {
  for (const [name, settings] of [
    ['synthetic', { late: 0.02, delay: 1_000, disorder: 0.5, disorderMs: 1_000 }],
    ['synthetic', { late: 0.9, delay: 50, watermarkEvery: 1, ratePerSecond: 10, size: 1_000 }],
    ['synthetic', { late: 0.3, watermarkEvery: 7_000, ratePerSecond: 1_000_000, size: 5 }],
    ['tumbling-incremental', { late: 0.05, lateness: 20_000, delay: 100 }],
    ['sliding-incremental', { late: 0.1, delay: 300, disorder: 0.1, disorderMs: 300, size: 6_000, slide: 1_500 }],
    ['interval-join', { late: 0.1, delay: 300, disorder: 0.1, disorderMs: 300 }],
  ] as const) {
    const workload = make(name, settings);
    const { everyEvents, delayMs } = workload.watermark;
    const isClosed = closedBy(workload);
    const source = await workload.source({ seed: 3, endless: true });
    const batch = new EventBatch(EVENTS, { keyBytes: 16, width: 1 });
    source.fill(batch, EVENTS);
    let greatest = -Infinity;
    let watermark = -Infinity;
    let late = 0;
    let missed = 0;
    for (let i = 0; i < EVENTS; i++) {
      const time = batch.timestamps[i]!;
      const untouched = 1_700_000_000_000 + Math.floor((i * 1_000) / Number(workload.settings.ratePerSecond));
      const isLate = isClosed(time, watermark);
      const meantLate = untouched - time > Number(workload.settings.disorderMs);
      if (isLate) late++;
      if (isLate !== meantLate) missed++;
      greatest = Math.max(greatest, time);
      if ((i + 1) % everyEvents === 0) watermark = greatest - delayMs;
    }
    t.is(missed, 0, `${name} ${JSON.stringify(settings)}`);
    const wanted = settings.late * (EVENTS - everyEvents);
    t.true(Math.abs(late - wanted) < 3.3 * Math.sqrt(wanted), `${late} late, ${wanted} wanted`);
  }
});

test('settings that cannot be are refused, with the reason', (t) => {
  const refused = (name: string, settings: Settings, message: RegExp): void => {
    t.throws(() => make(name, settings), { instanceOf: WorkloadError, code: 'impossible-settings', message });
  };
  refused('sliding-incremental', { size: 1_000, slide: 2_000 }, /slide 2000 ms is greater than size 1000 ms/);
  refused('sliding-incremental', { size: 5_000, slide: 2_000 }, /not a multiple of slide/);
  refused('flights-delays', { window: 'sliding', slide: 7_200_000 }, /greater than size/);
  refused('synthetic', { distribution: 'hotspot', hotFraction: 2 }, /makes 200000 hot ones/);
  refused('synthetic', { keyBytes: 4 }, /100000 keys do not fit 4 hexadecimal digits/);
  refused('session-incremental', { gap: 0 }, /gap 0 ms leaves a session no time/);
  refused('session-holistic', { gap: 0 }, /gap 0 ms/);
  refused('flights-delays', { window: 'session', gap: 0 }, /gap 0 ms/);
  refused('sliding-holistic', { size: 1_000, slide: 2_000, panes: true }, /greater than size/);
  refused('continuous-aggregation', { late: 0.1 }, /no event is late/);
  refused('continuous-join', { late: 0.1 }, /no event is late/);
  refused('synthetic', { disorder: 0.1, disorderMs: 0 }, /moves no event/);
  refused('flights-delays', { panes: true }, /panes need window=sliding/);
  refused('tumbling-holistic', { late: 0.6, disorder: 0.6 }, /at most 1/);
  refused('window-join', { window: 'sliding', size: 1_000, slide: 2_000 }, /slide 2000 ms is greater than size 1000 ms/);
  refused('window-join', { right: 0.6, ends: 0.6 }, /at most 1/);
  refused('interval-join', { lower: 2, upper: 1 }, /lower 2 ms is after upper 1 ms/);
});
