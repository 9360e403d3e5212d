import { plainText, shortText } from '../plain-text.ts';
import { ascii, displayWidth, type Painter, padded, painter, type TerminalOptions, wrapped } from '../terminal.ts';
import type { ComparedGroup, GateResult, RunComparison, RunIdentity } from './compare-runs.ts';
import { COMPARED_METRICS, type ComparedMetric } from './compared-metrics.ts';
import {
  alarmsOf,
  type ComparedRow,
  changeText,
  comparedTitle,
  figureText,
  gatedMetrics,
  intervalText,
  isDecided,
  lettered,
  methodText,
  NOTHING_DIFFERS,
  rowsOf,
  rowsUnit,
  seenText,
  startText,
  toldDifferences,
  toldGates,
  trialsText,
  troubleOf,
  VERDICT_SYMBOL,
  verdictText,
} from './comparison-text.ts';

const NAME = 24;
const SHORT_NAME = 12;

/** Two runs for a terminal: what differs between them first, then what the figures say, then the gates. Ends with a newline. */
export function renderComparison(compared: RunComparison, options: TerminalOptions): string {
  const paint = painter(options);
  const width = Math.min(120, Math.max(60, options.columns));
  const alarm = (text: string) => wrapped(`! ${text}`, width, '  ').map(paint.bad);
  const lines = [
    paint.bold('Statebench · B compared with A'),
    ...lettered(compared).flatMap(([letter, run]) => identityLines(letter, run, width)),
    ...alarmsOf(compared).flatMap(alarm),
    '',
    ...differenceLines(compared, width, paint),
    ...compared.groups.flatMap((group, index) => ['', ...groupLines(group, gatedMetrics(compared, index), width, paint)]),
    ...gateLines(compared, width, paint),
    '',
    ...wrapped(methodText(compared), width, '').map(paint.dim),
  ];
  const text = `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
  return options.unicode ? text : ascii(text);
}

function identityLines(letter: string, run: RunIdentity, width: number): readonly string[] {
  return wrapped(
    `${letter}  ${plainText(run.name)} · ${startText(run)} · ${run.profile}, ${trialsText(run)} · statebench ${plainText(run.statebench)}`,
    width,
    '   ',
  );
}

function differenceLines(compared: RunComparison, width: number, paint: Painter): readonly string[] {
  const { only } = compared;
  const cellsOnly = ([['A', only.a] as const, ['B', only.b] as const] as const).flatMap(([letter, cells]) =>
    cells.length === 0 ? [] : wrapped(`· only in ${letter}: ${cells.map(plainText).join(', ')}`, width, '    '),
  );
  const told = toldDifferences(compared);
  if (told.length === 0) return [...wrapped(NOTHING_DIFFERS, width, ''), ...cellsOnly];
  const lines = told.map(({ of, what, a, b, isMixed, more }) => {
    const line = wrapped(`${isMixed ? '!' : '·'} ${of}: ${what}: ${a} in A, ${b} in B${more}`, width, '    ');
    return isMixed ? line.map(paint.bad) : line;
  });
  return [paint.bold('What differs beside the figures'), ...lines.flat(), ...cellsOnly];
}

function groupLines(group: ComparedGroup, gated: ReadonlySet<string>, width: number, paint: Painter): readonly string[] {
  const { cells } = group;
  const unsound = cells.filter(({ values }) => values.length === 0);
  const tables = COMPARED_METRICS.flatMap((metric) => {
    const isWhole = metric.key === 'throughput' || gated.has(metric.key);
    const rows = rowsOf(metric, group).filter(({ value }) => isWhole || isDecided(value.verdict));
    return rows.length === 0 ? [] : tableLines(metric, rows, width, paint);
  });
  const quiet = COMPARED_METRICS.filter(
    ({ key }) =>
      key !== 'throughput' &&
      !gated.has(key) &&
      cells.some(({ values }) => values.some((value) => value.metric === key && !isDecided(value.verdict))),
  );
  return [
    ...wrapped(comparedTitle(group), width, '').map(paint.bold),
    ...tables,
    ...unsound.flatMap((cell) => wrapped(`! ${plainText(cell.backend)}: not compared: ${troubleOf(cell)}`, width, '  ').map(paint.bad)),
    ...(quiet.length === 0
      ? []
      : wrapped(`Not shown where no change was found: ${quiet.map(({ key }) => key).join(', ')}; --json has all.`, width, '').map(
          paint.dim,
        )),
  ];
}

/** A table; where the terminal is too narrow for it, what is made of the figures stands below them. */
function tableLines(metric: ComparedMetric, rows: readonly ComparedRow[], width: number, paint: Painter): readonly string[] {
  const unit = rowsUnit(metric, rows);
  const texts = rows.map(({ cell, value }) => [
    `${shortText(cell.backend, width < 80 ? SHORT_NAME : NAME)}${cell.role === 'harness-cost' ? ' (harness)' : ''}`,
    figureText(value.a, unit),
    figureText(value.b, unit),
    value.ratio === null ? '–' : changeText(value.ratio.ratio),
    value.ratio?.interval == null ? 'no interval' : intervalText(value.ratio.interval),
    `${VERDICT_SYMBOL[value.verdict.word]} ${verdictText(metric, value, cell)}`,
    seenText(value.verdict),
  ]);
  // The title may be longer than any name: it has a line to itself.
  const title = `${metric.title}, ${unit.unit}`;
  const head = ['', 'A', 'B', 'change', 'interval', 'verdict', ''];
  const table = [head, ...texts];
  const sizes = head.map((_, i) => Math.max(...table.map((row) => displayWidth(row[i]!))));
  const isNarrow = sizes.reduce((sum, size) => sum + 2 + size, 0) > width;
  const beside = isNarrow ? head.indexOf('verdict') : head.length;
  const line = (row: readonly string[]) =>
    `  ${row
      .slice(0, beside)
      .map((text, i) => padded(text, sizes[i]!, i === 0 || i > 3 ? 'left' : 'right'))
      .join('  ')}`;
  const below = (row: readonly string[]) =>
    isNarrow
      ? wrapped(
          row
            .slice(beside)
            .filter((text) => text !== '')
            .join(', '),
          width - 4,
          '  ',
        ).map((text) => `    ${text}`)
      : [];
  const painted = texts.flatMap((row, i) => {
    const { word } = rows[i]!.value.verdict;
    const tone = word === 'faster' ? paint.good : word === 'slower' ? paint.bad : (text: string) => text;
    return [line(row), ...below(row)].map(tone);
  });
  return [title, paint.dim(line(head)), ...painted];
}

const GATE_MARK: Readonly<Record<GateResult['state'], string>> = {
  failed: 'x FAILED',
  passed: '= passed',
  undecided: '? undecided',
  'not-measured': '. not measured',
};

function gateLines(compared: RunComparison, width: number, paint: Painter): readonly string[] {
  if (compared.gates.length === 0) return [];
  const several = compared.groups.length > 1;
  const lines = toldGates(compared).flatMap(({ state, gate, backend, group, seen }) => {
    const where = several ? ` on ${plainText(group.workload)}` : '';
    const line = wrapped(`${GATE_MARK[state]}  ${gate}  ${backend}${where}${seen === '' ? '' : `: ${seen}`}`, width, '    ');
    return state === 'failed' ? line.map(paint.bad) : line;
  });
  return ['', paint.bold('Gates'), ...lines];
}
