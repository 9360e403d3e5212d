/** The plan of a run in words: what is measured and what it takes. */
import { availableParallelism } from 'node:os';
import { memoryBytes } from '../harness/measure/environment.ts';
import type { Usage } from '../harness/measure/run-usage.ts';
import type { Estimate, PlannedRun } from '../harness/plan.ts';
import { describeProfile } from '../harness/profiles.ts';
import { formatBytes, formatSeconds } from '../harness/units.ts';
import { wrapped } from './console.ts';
import { workloadRemarks } from './workload-remarks.ts';

export function planText({ plan, cells: planned, estimate }: PlannedRun, folder: string): string {
  const { cells, leftOut, profile } = plan;
  const processes = Math.max(...cells.map(({ parallelism }) => parallelism));
  const list = (of: (cell: (typeof cells)[number]) => string | number): string => [...new Set(cells.map(of))].join(', ');
  const lines = [
    `suite ${plan.suite}, profile ${profile.name}: ${describeProfile(profile)}; seed ${plan.seed}`,
    `  backends     ${list((cell) => cell.backend.name)}; compared with ${plan.reference}${twinsText(plan)}`,
    `  workloads    ${list((cell) => cell.workload.name)}`,
    ...new Set(planned.flatMap(({ cell, workload }) => workloadRemarks(workload, cell.workload.settings)).map((line) => `  ! ${line}`)),
    `  checkpoints  ${list((cell) => cell.storage.name)}`,
    `  measures     ${plan.measures.join(', ')}`,
    `  batch sizes  ${list((cell) => cell.batchSize)}`,
    ...(processes > 1 ? [`  processes    ${list((cell) => cell.parallelism)}; backends are compared at ${cells[0]!.parallelism}`] : []),
    ...(plan.memoryBytes === null
      ? []
      : [
          `  memory       ${formatBytes(plan.memoryBytes)} for each embedded backend, in each of its processes${plan.cells.some(({ engine }) => engine === 'flink') ? ', and for each task on Flink' : ''}`,
        ]),
    ...leftOut.map(({ backend, reason }) => `  left out     ${backend}: ${reason}`),
    `  ${count(cells.length, 'cell')}, ${count(estimate.trials, 'trial')}, about ${timeText(estimate)}, ` +
      `about ${formatBytes(estimate.diskBytes)} of disk and ${formatBytes(estimate.memoryBytes)} of memory`,
    `  results      ${folder}`,
  ];
  if (estimate.memoryBytes > memoryBytes())
    lines.push(`  this machine has only ${formatBytes(memoryBytes())} of memory: large states may not fit`);
  if (processes > availableParallelism())
    lines.push(`  ${processes} processes take turns on ${count(availableParallelism(), 'core')} here: their speed-up says little`);
  return lines.map(inLines).join('\n');
}

/** Backends measured twice, for the line of the plan that names them. */
function twinsText({ reference, twins, choosesTwinOnDisk }: PlannedRun['plan']): string {
  const others = twins.flatMap(({ of }) => (of === reference ? [] : [of]));
  const second = choosesTwinOnDisk === true ? ['the fastest store on disk'] : others;
  return twins.length === 0
    ? ''
    : `, which is measured once more to show the noise (A/A)${second.length === 0 ? '' : `; ${second.join(', ')} once more`}`;
}

/** A line of the plan, which goes on behind its name. */
function inLines(line: string): string {
  const start = /^ *(?:[a-z]+(?: [a-z]+)? {2,})?/.exec(line)![0];
  return start + wrapped(line.slice(start.length), Math.max(2, start.length));
}

/** What a run took beside what its plan expected: both in the same words, so that a plan can be held to its word. */
export function takenText({ seconds, diskBytesMax, memoryBytesMax }: Usage & { readonly seconds: number }, expected: Estimate): string {
  const size = (bytes: number | null) => (bytes === null ? 'not known' : formatBytes(bytes));
  return [
    `took ${formatSeconds(seconds)} (expected ${timeText(expected)})`,
    `at most ${size(diskBytesMax)} of disk (${formatBytes(expected.diskBytes)})`,
    `${size(memoryBytesMax)} of memory (${formatBytes(expected.memoryBytes)})`,
  ].join(', ');
}

/** `45 s`, or from what it takes at least to what at most. */
function timeText({ seconds, secondsLeast }: Estimate): string {
  return secondsLeast < seconds ? `${formatSeconds(secondsLeast)} to ${formatSeconds(seconds)}` : formatSeconds(seconds);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
