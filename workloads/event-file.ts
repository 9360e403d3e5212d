import { resolve } from 'node:path';
import { z } from 'zod';
import { mergedCountSumMinMax } from './aggregates/count-sum-min-max.ts';
import { LEAST_MAGNITUDE, MAGNITUDES_BELOW } from './aggregates/quantiles.ts';
import { type Gallery, type Preparation, type Stage, type WindowSpec, type Workload, WorkloadError } from './contract.ts';
import {
  anyAggregate,
  anyAggregateOptions,
  isHolistic,
  keyPrefixBytes,
  slidingOptions,
  withoutIdleParameters,
} from './operator-options.ts';
import { type EventFile, readEventFile } from './sources/event-file/event-file.ts';
import { eventFileOptions } from './sources/event-file/event-file-options.ts';
import { watermarkOf, watermarkOptions } from './sources/watermark-options.ts';
import { windowed } from './windowed.ts';
import { session, sessionOptions } from './windows/session.ts';
import { sliding } from './windows/sliding.ts';
import { tumbling } from './windows/tumbling.ts';

export const description = 'Events of your own from a CSV or Parquet file, through the windows and the aggregate that you choose.';

export const gallery: Gallery = {
  job: 'Your own, fed with what it was fed: keys, skew, disorder and late events are the recorded ones.',
  operations:
    'as in the workload of the window and the aggregate that are chosen; rollup: for each row of a window, read S and write S in a second stage',
  stresses: 'What your job will: nothing about keys or order is assumed.',
  example: 'file=docs/clicks.csv,time=ts,key=user,value=amount,size=1min,watermarkEvery=100',
};

export const options = z.strictObject({
  ...eventFileOptions,
  window: z
    .enum(['tumbling', 'sliding', 'session', 'global'])
    .default('tumbling')
    .describe('windows of the first stage; global: none, every event gives a row'),
  ...slidingOptions,
  size: slidingOptions.size.describe('window size; sliding: a multiple of the slide'),
  gap: sessionOptions.gap,
  ...anyAggregateOptions,
  rollup: z
    .int()
    .min(0)
    .meta({ unit: 'ms' })
    .default(0)
    .describe('size of the windows of a second stage, which merges the rows of the first; 0: no second stage'),
  rollupBy: z.enum(['key', 'all']).default('key').describe('rollup: whether rows are merged by key, or all together'),
  ...watermarkOptions,
});

type Options = z.output<typeof options>;

/** Reads the file: with what is pinned, a file that has changed since is refused. @throws WorkloadError `missing-data`, `bad-data` */
export async function prepare(given: Options): Promise<Preparation<EventFile>> {
  const file = resolve(given.file);
  const { time, timeUnit, key, value, decimals, separator, keyBytes, skipBad, limit, sha256 } = given;
  const material = await readEventFile({ file, time, timeUnit, key, value, decimals, separator, keyBytes, skipBad, limit, sha256 });
  return { pinned: { file, sha256: material.sha256 }, material };
}

/** @throws WorkloadError `impossible-settings` */
export default function eventFile(given: Options, material: EventFile): Workload {
  const stages = stagesOf({ ...given, keyBytes: material.keyBytes });
  checkSums(given, material);
  checkMagnitudes(given, material);
  material.play(given.repeat);
  return {
    name: 'event-file',
    settings: settingsInForce(given, material),
    watermark: watermarkOf(given),
    stages,
    source: async ({ endless }) => material.play(endless ? Infinity : given.repeat),
  };
}

function stagesOf(given: Options): readonly Stage[] {
  const { window, panes, offset, lateness, aggregate, rollup, rollupBy } = given;
  const refuse = (why: string): never => {
    throw new WorkloadError('impossible-settings', why);
  };
  if (panes && window !== 'sliding') refuse(`panes need window=sliding: a ${window} window shares none; leave them out`);
  if (window === 'global') {
    if (lateness > 0) refuse(`lateness ${lateness} ms: a window without end is never closed, so no event is late; leave it 0`);
    if (isHolistic(aggregate))
      refuse(`aggregate=${aggregate} keeps every event, and a window without end would keep all: choose another window`);
    if (rollup > 0)
      refuse('a rollup of window=global would count every event as often as others of its key come after it: choose another window');
  }
  const first = windowed(keyPrefixBytes(given), windowOf(given), anyAggregate(given, 1), lateness);
  if (rollup === 0) return [first];
  if (aggregate !== 'count-sum-min-max')
    refuse(`a rollup merges counts, sums, minima and maxima: with aggregate=${aggregate} leave it out`);
  if (lateness > 0) refuse(`a rollup would count the rows that windows give again within lateness ${lateness} ms: leave one of them out`);
  return [first, windowed(rollupBy === 'all' ? 0 : first.keyPrefixBytes, tumbling(rollup, offset), mergedCountSumMinMax)];
}

function windowOf({ window, size, slide, panes, offset, gap }: Options): WindowSpec {
  switch (window) {
    case 'tumbling':
      return tumbling(size, offset);
    case 'sliding':
      return sliding(size, slide, panes, offset);
    case 'session':
      return session(gap);
    case 'global':
      return { kind: 'global' };
  }
}

/**
 * Sums of parts come out as a store has the parts in order, so that sums that are rounded differ from store to store.
 * @throws WorkloadError `impossible-settings`
 */
function checkSums({ window, panes, rollup, aggregate, decimals }: Options, { addsExactly, decimalsNeeded }: EventFile): void {
  const adds = aggregate === 'count-sum-min-max' || aggregate === 'average';
  const merges = window === 'session' ? 'window=session' : panes ? 'panes=true' : rollup > 0 ? 'rollup' : null;
  if (!adds || merges === null || addsExactly) return;
  const remedy =
    decimalsNeeded > 0 && decimalsNeeded < 10 && decimals === 0
      ? `choose decimals=${decimalsNeeded}, which counts units of the last decimal`
      : 'choose another aggregate, or bring the values to fewer digits';
  throw new WorkloadError(
    'impossible-settings',
    `${merges} adds up parts in an order that depends on the store, and sums of these values are rounded, so that no output could be compared: ${remedy}`,
  );
}

/** @throws WorkloadError `impossible-settings` where quantiles would be off by more than they say */
function checkMagnitudes({ aggregate }: Options, { leastMagnitude, greatestMagnitude }: EventFile): void {
  if (aggregate !== 'quantiles' || (leastMagnitude >= LEAST_MAGNITUDE && greatestMagnitude < MAGNITUDES_BELOW)) return;
  throw new WorkloadError(
    'impossible-settings',
    `aggregate=quantiles tells magnitudes from 2^-20 to 2^20 apart, and values here have ${leastMagnitude} to ${greatestMagnitude}: choose median or top-k, or bring the values to another unit`,
  );
}

function settingsInForce(given: Options, { sha256, isParquet, events, skipped, keyBytes }: EventFile): Workload['settings'] {
  const {
    file,
    separator,
    decimals,
    limit,
    window,
    value,
    rollup,
    rollupBy,
    size,
    slide,
    offset,
    panes,
    gap,
    lateness,
    timeUnit,
    ...others
  } = withoutIdleParameters(given);
  const isSized = window === 'tumbling' || window === 'sliding';
  return {
    ...others,
    // The folder is the machine's affair.
    file: file.split(/[/\\]/).at(-1)!,
    sha256,
    events,
    skipped,
    keyBytes,
    timeUnit,
    ...(value === '' ? {} : { value, decimals }),
    ...(isParquet ? {} : { separator }),
    ...(limit > events ? {} : { limit }),
    window,
    ...(isSized ? { size } : {}),
    ...(isSized || rollup > 0 ? { offset } : {}),
    ...(window === 'sliding' ? { slide, panes } : {}),
    ...(window === 'session' ? { gap } : {}),
    ...(window === 'global' ? {} : { lateness }),
    ...(rollup > 0 ? { rollup, rollupBy } : {}),
  };
}
