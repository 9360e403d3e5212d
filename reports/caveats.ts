import { decidedEffects, metricTitle } from './decided-effects.ts';
import { nameOf, rangeOf } from './decision.ts';
import { noiseCaveats } from './noise-caveats.ts';
import { plainText } from './plain-text.ts';
import { withUnit } from './quantity.ts';
import { finishedTrials, isPartial, plannedTrials, type Results } from './read-results.ts';
import { inMemoryNotes } from './state-in-memory.ts';
import { everyGroup, type RunSummary } from './statistics/summary.ts';
import { MARGIN } from './statistics/verdict.ts';
import { courseNotes, overBudgetWarnings, seldomNotes } from './trial-courses.ts';

/** Something to know before believing the numbers. */
export interface Caveat {
  /** An alarm stands above everything else. */
  readonly tone: 'note' | 'warning' | 'alarm';
  readonly text: string;
}

const CACHED_FSYNC_MS = 0.3;

/** What limits this run, weightiest first. */
export function caveatsOf(results: Results, run: RunSummary): readonly Caveat[] {
  const { plan, environment, trials, tornLines } = results;
  const { profile } = plan;
  const caveats: Caveat[] = [];
  const alarm = (text: string) => caveats.push({ tone: 'alarm', text });
  const warn = (text: string) => caveats.push({ tone: 'warning', text });
  const note = (text: string) => caveats.push({ tone: 'note', text });

  const groups = everyGroup(run);
  const nameIn = (id: string) => {
    const cell = groups.flatMap((group) => group.candidates).find((one) => one.cell.id === id)!;
    return groups.length === 1 ? nameOf(cell) : `${nameOf(cell)} with ${plainText(cell.cell.workload.name)}`;
  };
  for (const { id, other, ratio, verdict } of run.sameTwice) {
    const differs = run.twins.some((one) => one.id === id && one.metric === 'eventsPerSecond' && one.differs);
    if (ratio === null || ratio.interval === null || differs) continue;
    note(
      `${nameIn(id)} is ${other.split('/')[0]} measured twice (A/A): ${rangeOf(ratio, false)} × of itself, ${verdict.word}. That is the noise which every other ratio is up against.`,
    );
  }
  for (const { id, other, metric, ratio } of run.twins.filter(({ differs }) => differs)) {
    const found = `${nameIn(id)} is ${plainText(other.split('/')[0]!)} measured twice (A/A), and its ${metricTitle(metric)} came out at ${rangeOf(ratio, false)} × of itself`;
    if (metric === 'eventsPerSecond') alarm(`${found}: this machine was too unsteady. There are no tiers; believe nothing below.`);
    else warn(`${found}: ${metricTitle(metric)} decides nothing in this run.`);
  }
  if (isPartial(results))
    alarm(`Partial: ${finishedTrials(results)} of ${plannedTrials(plan)} trials are finished. Go on with statebench resume.`);
  if (profile.smallestEffect === null) warn(`The profile ${profile.name} only tries whether things work: it decides nothing.`);
  else {
    const decides = groups.map((group) => group.decides('eventsPerSecond'));
    const isLarge = decides.some(({ smallestEffect }) => smallestEffect === null || smallestEffect > MARGIN);
    const text = `This run (${profile.name}, ${profile.blocks} blocks of ${Number(profile.measuredSeconds.toPrecision(3))} s) ${decidedEffects(run, plan)}.`;
    if (isLarge) warn(text);
    else if (typeof profile.smallestEffect === 'number') note(text);
  }
  const cells = groups.flatMap((group) => group.candidates);
  const fellBack = trials.filter((trial) => trial.state === 'completed' && (trial.recovery?.checkpointsSkipped ?? 0) > 0);
  if (fellBack.length > 0) {
    const backends = [...new Set(fellBack.map(({ backend }) => backend.name))].join(', ');
    const recoveries = fellBack.length === 1 ? '1 recovery' : `${fellBack.length} recoveries`;
    warn(`In ${recoveries} the newest checkpoint was damaged; the one before was used (${backends}). Check the disk.`);
  }
  if (trials.some((trial) => trial.state === 'completed' && trial.recovery !== null && trial.recovery.killFraction === undefined))
    note(
      'These recoveries were measured by an older version: where the kill fell is not recorded, the restore time includes the loading of the events, and the replay rate is unknown. They decide no need.',
    );
  if (tornLines > 0) warn('The last line of trials.ndjson was cut off and is left out.');
  if (environment.fsyncMs !== null && environment.fsyncMs < CACHED_FSYNC_MS) {
    note(
      `fsync takes ${withUnit('time', environment.fsyncMs)}: the disk acknowledges from a cache, so figures of durable stores are optimistic.`,
    );
  }
  if (environment.fileSystem === 'tmpfs')
    note('The working state is kept on tmpfs, which is memory: disk figures say nothing about a disk.');
  for (const text of inMemoryNotes(run, environment)) note(text);
  for (const text of overBudgetWarnings(run, plan)) warn(text);
  for (const text of courseNotes(run)) note(text);
  for (const text of seldomNotes(run)) note(text);
  for (const caveat of noiseCaveats(run)) caveats.push(caveat);
  if (run.trials.superseded > 0)
    note(
      `${run.trials.superseded === 1 ? '1 trial was' : `${run.trials.superseded} trials were`} repeated in the same block; the repetition counts.`,
    );
  if (cells.some((cell) => cell.killsChecked > 0))
    note('Crashes are SIGKILL of the process, which spares the page cache: the crash of a machine was not tried.');
  if (run.groups.every((group) => group.harness === null))
    note('The null backend did not run: what the harness itself costs is not known.');
  return caveats;
}
