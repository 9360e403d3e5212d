import type { Environment } from '../../harness/results.ts';
import type { Caveat } from '../caveats.ts';
import { decidedEffects, metricTitle } from '../decided-effects.ts';
import { nameOf, rangeOf } from '../decision.ts';
import { badgesOf } from '../noise-caveats.ts';
import { plainText } from '../plain-text.ts';
import { grouped, percent, withUnit } from '../quantity.ts';
import type { Results } from '../read-results.ts';
import { median } from '../statistics/sample.ts';
import { everyGroup, type RunSummary } from '../statistics/summary.ts';
import { tableOf } from './figure.ts';
import { html, type Markup } from './html.ts';

/** Why the numbers can be believed, and how far: counts, noise, checks, machine, definitions. */
export function validity(results: Results, run: RunSummary, caveats: readonly Caveat[], id: string): Markup {
  const { plan, environment } = results;
  const cells = everyGroup(run).flatMap((group) => group.candidates);
  const noise = cells.flatMap(({ metrics }) => metrics.eventsPerSecond?.cv ?? []);
  const { exact, trials } = run;
  const rows: readonly (readonly [string, string | Markup])[] = [
    [
      'Trials',
      `${grouped(trials.completed, 0)} completed, ${trials.failed} failed, ${trials.wrong} with a wrong output; each in a fresh process and directory`,
    ],
    ['Blocks', `${plan.profile.blocks}; every cell once a block, in an order shuffled by seed ${plan.seed}`],
    [
      'Profile',
      `${plan.profile.name}: ${Number(plan.profile.warmUpSeconds.toPrecision(3))} s warm-up, ${Number(plan.profile.measuredSeconds.toPrecision(3))} s measured; ${decidedEffects(run, plan)}`,
    ],
    [
      'Output',
      `${exact.uninterrupted} of ${exact.candidates} trials equal to the oracle without a crash, ${exact.recovered} of ${exact.candidates} after SIGKILL and restore`,
    ],
    [
      'Noise',
      noise.length === 0
        ? 'not known: one trial a cell'
        : `throughput varies by ${percent(median(noise))} from trial to trial (median coefficient of variation), at most ${percent(Math.max(...noise))}`,
    ],
    ['Machine', badgesOf(run)],
    ['A/A', aaOf(run)],
    [
      'fsync of 4 KiB',
      environment.fsyncMs === null ? reasonFor(environment, 'fsyncMs') : `${withUnit('time', environment.fsyncMs)} (median)`,
    ],
  ];
  return html`<section id="${id}"><h2>Can this be trusted?</h2><p class="lead">What was checked, how steady the machine was, and what these figures do not say.</p><div class="two"><div class="card pad"><dl>${rows.map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`)}</dl></div><div class="card pad">${machine(environment)}</div></div>
<div class="card pad small"><h3>Limits</h3><ul>${caveats.map(({ text }) => html`<li>${text}</li>`)}<li>Service time of a micro-batch is measured in a closed loop and is not latency${plan.measures.includes('latency') ? ', which has a section of its own' : ': latency was not measured (--measure latency)'}.</li></ul></div>
${troubles(run)}${notMeasured(results)}${DEFINITIONS}</section>`;
}

function aaOf(run: RunSummary): string {
  if (run.sameTwice.length === 0) return 'no backend was measured twice';
  const differing = [...new Set(run.twins.filter(({ differs }) => differs).map(({ metric }) => metricTitle(metric)))];
  const warned =
    differing.length === 0
      ? `. No metric of ${run.twins.length} compared differs (Holm)`
      : `. Different (Holm over ${run.twins.length}), and so deciding nothing: ${differing.join(', ')}`;
  return run.sameTwice
    .map(({ id, ratio, verdict }) => {
      const twin = everyGroup(run)
        .flatMap((group) => group.candidates)
        .find(({ cell }) => cell.id === id);
      return `${twin === undefined ? '' : nameOf(twin)}: ${ratio === null ? 'no common block' : `${rangeOf(ratio, false)} ×`}, ${verdict.word}`;
    })
    .join('; ')
    .concat(warned);
}

function machine(environment: Environment): Markup {
  const rows = [
    ['Processor', `${plainText(environment.cpu)}, ${environment.cores} core${environment.cores === 1 ? '' : 's'}`],
    ['Memory', withUnit('bytes', environment.memoryBytes)],
    ['File system', environment.fileSystem === null ? reasonFor(environment, 'fileSystem') : plainText(environment.fileSystem)],
    ['Kernel', `${plainText(environment.kernel)} (${plainText(environment.platform)})`],
    ['Node.js', plainText(environment.node)],
    ['Statebench', plainText(environment.statebench)],
  ] as const;
  return html`<dl>${rows.map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`)}</dl>`;
}

function reasonFor({ unavailable }: Environment, field: string): string {
  const reason = Object.entries(unavailable).find(([name]) => name === field)?.[1];
  return `not measured${reason === undefined ? '' : `: ${plainText(reason)}`}`;
}

function troubles(run: RunSummary): Markup | null {
  const rows = everyGroup(run).flatMap((group) =>
    group.candidates
      .concat(group.harness ?? [])
      .flatMap(({ failures, wrong }) => [
        ...failures.map((trial) => [trial.block, plainText(trial.id), trial.phase, plainText(trial.code), plainText(trial.message)]),
        ...wrong.map((trial) => [trial.block, plainText(trial.id), 'verify', 'wrong-output', wrongness(trial)]),
      ]),
  );
  if (rows.length === 0) return null;
  const columns = ['Block', 'Trial', 'Phase', 'Code', 'What happened'].map((title) => ({ key: title, title }));
  return html`<details open><summary>Trials that failed or were wrong: ${rows.length}</summary><div class="scroll" tabindex="0" role="region" aria-label="Trials that failed">${tableOf({ columns, rows })}</div></details>`;
}

function wrongness({ correctness }: RunSummary['groups'][number]['candidates'][number]['wrong'][number]): string {
  const outputs = (['uninterrupted', 'ended', 'recovered', 'rescaled', 'swept', 'paced'] as const).flatMap((when) => {
    const checked = correctness[when];
    if (checked === null || (checked.equal && checked.expected.digest === checked.got.digest)) return [];
    return [
      `${when}: ${grouped(checked.got.rows, 0)} rows, expected ${grouped(checked.expected.rows, 0)}${checked.got.rows === checked.expected.rows ? ' with other contents' : ''}`,
    ];
  });
  const { late } = correctness;
  if (late?.equal === false) outputs.push(`late events by stage: ${late.got.join(', ')}, expected ${late.expected.join(', ')}`);
  return outputs.join('; ');
}

function notMeasured({ trials }: Results): Markup | null {
  const reasons = new Set(
    trials.flatMap((trial) =>
      trial.state === 'completed'
        ? Object.entries(trial.unavailable).map(
            ([field, reason]) => `${plainText(trial.backend.name)}: ${plainText(field)}: ${plainText(reason)}`,
          )
        : [],
    ),
  );
  return reasons.size === 0
    ? null
    : html`<details><summary>What could not be measured, and why</summary><ul>${[...reasons].map((reason) => html`<li>${reason}</li>`)}</ul></details>`;
}

const DEFINITIONS = html`<details><summary>What each figure means</summary><dl class="pad">
<dt>Throughput</dt><dd>Events of the stream per second over the measured part, which with several processes is from the first start to the last end, closed loop; the geometric mean over blocks. Its interval is a 95 % t interval on logarithms.</dd>
<dt>Tier</dt><dd>The fastest backend with all that are not shown to be slower than it: geometric mean of per-block ratios, 95 % paired t interval on logarithms, Holm-adjusted, and a difference of at least 5 % or what the profile may decide. Then the same with the rest.</dd>
<dt>Harness</dt><dd>The throughput as a share of that of the null backend, which stores nothing: the part of an event's time that the harness itself takes.</dd>
<dt>Service time of a micro-batch</dt><dd>From the end of the micro-batch before to the end of this one, without the making of events: all that the stream waits for, firing windows and checkpoint pauses included. Measured in a closed loop: it is not latency, and answers no need on latency. Where micro-batches take less than 2 µs, one in 61 is timed: timing all would be felt.</dd>
<dt>Pause</dt><dd>Events stopped until resumed, for one checkpoint (Flink: sync phase).</dd>
<dt>Persist</dt><dd>Resumed until the manifest is durable (Flink: async phase).</dd>
<dt>Written, referenced</dt><dd>Bytes a checkpoint writes, and bytes the storage already held and it only refers to.</dd>
<dt>Restore</dt><dd>After SIGKILL, in a new process: from the choice of a checkpoint until the first event can be processed. The start of the process and the loading of its events are the harness's and not in it.</dd>
<dt>Replay</dt><dd>Events per second from the restore until the event of the kill, the first micro-batch included.</dd>
<dt>Memory</dt><dd>Most resident memory of the trial's process, or processes together; a server's own is not in it.</dd>
<dt>Disk</dt><dd>Allocated bytes of the store's working directory at the end of the measured part.</dd>
<dt>° in its own cache, in the page cache</dt><dd>The state (keys and values in the store at the end of the measured part) is no more than what the store may keep in memory of its own, or its files no more than the memory of the machine: it was hardly read from a disk.</dd>
<dt>Survives</dt><dd>What the working state survives without a checkpoint. All backends recover from their checkpoints.</dd>
<dt>Output</dt><dd>The digest of all output rows equals that of an independent, naive computation, without a crash and after one.</dd>
<dt>k, M, G</dt><dd>Decimal: 1 kB is 1,000 bytes.</dd>
</dl></details>`;
