import { plainText, shortText } from '../plain-text.ts';
import { grouped, rounded, unitFor } from '../quantity.ts';
import type { Interval, Sample } from '../statistics/sample.ts';
import type { Standing } from '../statistics/summary.ts';
import type { Verdict } from '../statistics/verdict.ts';
import { ascii, displayWidth, type Painter, padded, painter, type TerminalOptions, wrapped } from '../terminal.ts';
import type { ComparedCell, ComparedGroup, ComparedValue, GateResult, RunComparison, RunIdentity } from './compare-runs.ts';
import { COMPARED_METRICS, type ComparedMetric } from './compared-metrics.ts';

/** Symbols beside the words, so that neither colour nor reading every word is needed. */
const SYMBOL = { faster: '+', slower: '-', equivalent: '=', unresolved: '?', insufficient: '.' } as const;
const NAME = 24;

/** Two runs for a terminal: what differs between them first, then what the figures say, then the gates. Ends with a newline. */
export function renderComparison(compared: RunComparison, options: TerminalOptions): string {
  const paint = painter(options);
  const width = Math.min(120, Math.max(60, options.columns));
  const alarm = (text: string) => wrapped(`! ${text}`, width, '  ').map(paint.bad);
  const lines = [
    paint.bold('Statebench · B compared with A'),
    ...identityLines('A', compared.a, width),
    ...identityLines('B', compared.b, width),
    ...bannersOf(compared).flatMap(alarm),
    '',
    ...differenceLines(compared, width, paint),
    ...compared.groups.flatMap((group, index) => ['', ...groupLines(group, gatedIn(compared, index), width, paint)]),
    ...gateLines(compared, width, paint),
    '',
    ...wrapped(
      `Change is B against A: of geometric means over trials, with ${levelText(compared.alpha)} (Welch on logarithms, Holm over the backends of a table). It holds the noise within the runs; what moved the whole machine between them is not in it. "sees" is the smallest change that would be found in 9 of 10 repetitions.`,
      width,
      '',
    ).map(paint.dim),
  ];
  const text = `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
  return options.unicode ? text : ascii(text);
}

function levelText(alpha: number): string {
  return `its ${Number(((1 - alpha) * 100).toPrecision(3))} % interval`;
}

function identityLines(letter: string, run: RunIdentity, width: number): readonly string[] {
  const { finished, planned } = run.trials;
  const trials = `${finished === planned ? finished : `${finished} of ${planned}`} trials`;
  return wrapped(
    `${letter}  ${plainText(run.name)} · ${run.startedAt.slice(0, 16).replace('T', ' ')} · ${run.profile}, ${trials} · statebench ${plainText(run.statebench)}`,
    width,
    '   ',
  );
}

/** What makes the whole comparison doubtful. */
function bannersOf(compared: RunComparison): readonly string[] {
  const { a, b, isMixed, isSameRun } = compared;
  const forbidden = compared.differences.filter((one) => one.isMixed).map(({ what }) => plainText(what));
  const twins = ([['A', a] as const, ['B', b] as const] as const).flatMap(([letter, { sameTwice }]) =>
    sameTwice
      .filter(({ verdict: { word } }) => word === 'faster' || word === 'slower')
      .map(
        ({ cell, verdict }) =>
          `${letter}: ${plainText(cell)} is the reference measured twice and came out ${verdict.word}: that machine was too unsteady, believe nothing of it.`,
      ),
  );
  const drift = compared.groups.flatMap(({ cells }) =>
    cells.flatMap(({ role, values }) => {
      const throughput = values.find(({ metric }) => metric === 'throughput');
      if (role !== 'harness-cost' || throughput?.ratio == null || !isDecided(throughput.verdict)) return [];
      return [
        `The null backend, which stores nothing, came out ${throughput.verdict.word} (${changeText(throughput.ratio.ratio)}): the machine or the harness is not what it was, and moves every backend.`,
      ];
    }),
  );
  return [
    ...(isMixed ? [`MIXED: compared by force although these differ, so that figures mean different things: ${forbidden.join(', ')}.`] : []),
    ...(isSameRun ? ['A and B are the same run: every change is 0, and says nothing.'] : []),
    ...([['A', a] as const, ['B', b] as const] as const).flatMap(([letter, { isPartial, trials }]) =>
      isPartial ? [`${letter} is partial: ${trials.finished} of ${trials.planned} trials are finished.`] : [],
    ),
    ...([['A', a] as const, ['B', b] as const] as const).flatMap(
      ([
        letter,
        {
          noise: { quiet, amber, red },
        },
      ]) =>
        red === 0
          ? []
          : [`${letter}: the machine was noisy in ${red} of ${quiet + amber + red} trials (red): its report says by what, and what to do.`],
    ),
    ...twins,
    ...drift,
  ];
}

function isDecided({ word }: Verdict): boolean {
  return word === 'faster' || word === 'slower';
}

function differenceLines({ differences, only }: RunComparison, width: number, paint: Painter): readonly string[] {
  const cellsOnly = ([['A', only.a] as const, ['B', only.b] as const] as const).flatMap(([letter, cells]) =>
    cells.length === 0 ? [] : wrapped(`· only in ${letter}: ${cells.map(plainText).join(', ')}`, width, '    '),
  );
  if (differences.length === 0)
    return [
      ...wrapped('Nothing but the figures differs: workload, seed, durability, version, environment and settings are the same.', width, ''),
      ...cellsOnly,
    ];
  // Calibration may have given every cell of a large run other work: the first tells enough.
  const works = differences.filter((one) => one.of === 'work');
  const lines = differences
    .filter((one) => one.of !== 'work' || one === works[0])
    .map((one) => {
      const [what, a, b] = [plainText(one.what), plainText(one.a), plainText(one.b)];
      const more = one !== works[0] || works.length === 1 ? '' : `, and others in ${works.length - 1} more cells`;
      const line = wrapped(`${one.isMixed ? '!' : '·'} ${one.of}: ${what}: ${a} in A, ${b} in B${more}`, width, '    ');
      return one.isMixed ? line.map(paint.bad) : line;
    });
  return [paint.bold('What differs beside the figures'), ...lines.flat(), ...cellsOnly];
}

function gatedIn({ gates }: RunComparison, group: number): ReadonlySet<string> {
  return new Set(gates.filter((gate) => gate.group === group).map(({ metric }) => metric));
}

function groupLines(group: ComparedGroup, gated: ReadonlySet<string>, width: number, paint: Painter): readonly string[] {
  const { workload, storage, batchSize, parallelism, cells } = group;
  const title = `${plainText(workload)}, micro-batches of ${grouped(batchSize, 0)}, checkpoints to ${plainText(storage)}${parallelism === 1 ? '' : `, ${parallelism} processes`}`;
  const unsound = cells.filter(({ values }) => values.length === 0);
  const tables = COMPARED_METRICS.flatMap((metric) => {
    const isWhole = metric.key === 'throughput' || gated.has(metric.key);
    const rows = cells.flatMap((cell) => {
      const value = cell.values.find((one) => one.metric === metric.key);
      return value === undefined || !(isWhole || isDecided(value.verdict)) ? [] : [{ cell, value }];
    });
    return rows.length === 0 ? [] : tableLines(metric, rows, paint);
  });
  const quiet = COMPARED_METRICS.filter(
    ({ key }) =>
      key !== 'throughput' &&
      !gated.has(key) &&
      cells.some(({ values }) => values.some((value) => value.metric === key && !isDecided(value.verdict))),
  );
  return [
    ...wrapped(title, width, '').map(paint.bold),
    ...tables,
    ...unsound.flatMap((cell) => wrapped(`! ${plainText(cell.backend)}: not compared: ${troubleOf(cell)}`, width, '  ').map(paint.bad)),
    ...(quiet.length === 0
      ? []
      : wrapped(`Not shown where no change was found: ${quiet.map(({ key }) => key).join(', ')}; --json has all.`, width, '').map(
          paint.dim,
        )),
  ];
}

const STANDING: Readonly<Record<Standing, string>> = {
  correct: 'right',
  wrong: 'wrong output',
  failed: 'failed',
  unchecked: 'output not checked',
  missing: 'no trial',
  'harness-cost': 'finished',
};

function troubleOf({ standing, failure }: ComparedCell): string {
  const side = (letter: 'a' | 'b') =>
    `${STANDING[standing[letter]]} in ${letter.toUpperCase()}${failure[letter] === null ? '' : ` (${plainText(failure[letter])})`}`;
  return `${side('a')}, ${side('b')}`;
}

interface Row {
  readonly cell: ComparedCell;
  readonly value: ComparedValue;
}

function tableLines(metric: ComparedMetric, rows: readonly Row[], paint: Painter): readonly string[] {
  const samples = rows.flatMap(({ value: { a, b } }) => [a, b].flatMap((sample) => (sample === null ? [] : [middleOf(sample)])));
  const { unit, divisor } =
    metric.kind === 'nanoseconds'
      ? (({ unit: name, divisor: by }) => ({ unit: name, divisor: by * 1e6 }))(
          unitFor(
            'time',
            samples.map((ns) => ns / 1e6),
          ),
        )
      : unitFor(metric.kind, samples);
  const figure = (sample: Sample | null) => (sample === null ? '–' : rounded(middleOf(sample) / divisor, halfOf(sample) / divisor));
  const texts = rows.map(({ cell, value }) => [
    `${shortText(cell.backend, NAME)}${cell.role === 'harness-cost' ? ' (harness)' : ''}`,
    figure(value.a),
    figure(value.b),
    value.ratio === null ? '–' : changeText(value.ratio.ratio),
    value.ratio?.interval == null ? 'no interval' : intervalText(value.ratio.interval),
    wordText(metric, value, cell),
    value.verdict.detectable === null ? '' : `sees ${seenText(value.verdict.detectable)}`,
  ]);
  // The title may be longer than any name: it has a line to itself.
  const title = `${metric.title}, ${unit}`;
  const head = ['', 'A', 'B', 'change', 'interval', 'verdict', ''];
  const table = [head, ...texts];
  const sizes = head.map((_, i) => Math.max(...table.map((row) => displayWidth(row[i]!))));
  const line = (row: readonly string[]) =>
    `  ${row.map((text, i) => padded(text, sizes[i]!, i === 0 || i > 3 ? 'left' : 'right')).join('  ')}`;
  const [headLine, ...bodies] = table.map(line);
  const painted = bodies.map((text, i) => {
    const { word } = rows[i]!.value.verdict;
    return word === 'faster' ? paint.good(text) : word === 'slower' ? paint.bad(text) : text;
  });
  return [title, paint.dim(headLine!), ...painted];
}

function middleOf({ mean, median }: Sample): number {
  return mean ?? median;
}

function halfOf({ interval, min, max, median }: Sample): number {
  if (interval !== null) return (interval.high - interval.low) / 2;
  return max > min ? (max - min) / 2 : median / 20;
}

/** "+3.2 %" of 1.032. */
export function changeText(ratio: number): string {
  return signed(ratio - 1);
}

function intervalText({ low, high }: Interval): string {
  return `${signed(low - 1)} to ${signed(high - 1)}`;
}

function signed(change: number): string {
  const size = percentOf(Math.abs(change));
  return `${Number.parseFloat(size) === 0 ? '' : change < 0 ? '−' : '+'}${size}`;
}

function percentOf(change: number): string {
  const value = change * 100;
  return `${grouped(value, value < 10 ? 1 : 0)} %`;
}

/** Beyond a doubling, percent are hard to read. */
function seenText(detectable: number): string {
  return detectable > 1 ? `a factor of ${rounded(1 + detectable, null)}` : percentOf(detectable);
}

function wordText(metric: ComparedMetric, { verdict }: ComparedValue, { blocks }: ComparedCell): string {
  const word = wordOf(metric, verdict);
  const why =
    verdict.word === 'unresolved' && verdict.blocksNeeded !== null
      ? ` (${verdict.blocksNeeded} blocks each might do)`
      : verdict.word === 'insufficient'
        ? ` (${Math.min(blocks.a, blocks.b)} ${Math.min(blocks.a, blocks.b) === 1 ? 'block' : 'blocks'})`
        : '';
  return `${SYMBOL[verdict.word]} ${word}${why}`;
}

/** The verdict in the metric's own word: bytes are less or more, not faster or slower. */
export function wordOf({ kind }: ComparedMetric, { word }: Verdict): string {
  if (kind !== 'bytes') return word;
  return word === 'faster' ? 'less' : word === 'slower' ? 'more' : word;
}

const GATE_MARK: Readonly<Record<GateResult['state'], string>> = {
  failed: 'x FAILED',
  passed: '= passed',
  undecided: '? undecided',
  'not-measured': '. not measured',
};

function gateLines({ gates, groups }: RunComparison, width: number, paint: Painter): readonly string[] {
  if (gates.length === 0) return [];
  const several = groups.length > 1;
  const order: readonly GateResult['state'][] = ['failed', 'undecided', 'not-measured', 'passed'];
  const sorted = gates.toSorted((x, y) => order.indexOf(x.state) - order.indexOf(y.state));
  const lines = sorted.flatMap(({ gate, group, backend, state, metric }) => {
    const value = groups[group]!.cells.find((cell) => cell.backend === backend)!.values.find((one) => one.metric === metric);
    const interval = value?.ratio?.interval ?? null;
    const where = several ? ` on ${plainText(groups[group]!.workload)}` : '';
    const seen = interval === null ? (state === 'not-measured' ? '' : ': no interval') : `: ${intervalText(interval)}`;
    const stead = state === 'not-measured' || plainText(gate).trim().toLowerCase().startsWith(metric) ? '' : ` (${metric})`;
    const line = wrapped(`${GATE_MARK[state]}  ${plainText(gate)}${stead}  ${plainText(backend)}${where}${seen}`, width, '    ');
    return state === 'failed' ? line.map(paint.bad) : line;
  });
  return ['', paint.bold('Gates'), ...lines];
}
