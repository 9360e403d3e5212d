import type { Plan } from '../harness/results.ts';
import { type Caveat, caveatsOf } from './caveats.ts';
import { decide, nameOf, outputMark, standingLine } from './decision.ts';
import { bridgeOf } from './flink/bridge.ts';
import { groupTitle } from './group-title.ts';
import { bracketText, pacedCells } from './latency-table.ts';
import { plainText, shortText } from './plain-text.ts';
import { percent, rounded, type Unit, uncertainty, unitFor, withUnit } from './quantity.ts';
import type { Results } from './read-results.ts';
import { contestOf } from './recommend/contest-of.ts';
import { asText } from './recommend/phrase.ts';
import { modelErrorsLine } from './recommend/recovery-words.ts';
import { crossingSentence, SCALING_NOTE, scalingTable } from './scaling-table.ts';
import { speedUpNote, speedUpTable } from './speed-up-table.ts';
import { IN_MEMORY_MARK, inMemoryOf } from './state-in-memory.ts';
import { unsteadyWords } from './statistics/headline.ts';
import { loadsOf } from './statistics/latency.ts';
import { USUAL_LOAD } from './statistics/metrics.ts';
import { crossingsOf } from './statistics/scaling.ts';
import { levelOf } from './statistics/sequential.ts';
import { speedUpsOf } from './statistics/speed-up.ts';
import { type StateSizes, stateSizesOf } from './statistics/state-sizes.ts';
import { type CellSummary, type GroupSummary, isFlink, type RunSummary, summarise, throughputOf } from './statistics/summary.ts';

/** How the terminal is. */
export interface TerminalOptions {
  /** Characters in a line; between 40 and 100 are used. */
  readonly columns: number;
  readonly color: boolean;
  /** False where only ASCII can be relied on. */
  readonly unicode: boolean;
}

/** What a terminal can do, from its environment: NO_COLOR (https://no-color.org), TERM and the locale are heeded. */
export function terminalOptions(
  env: Readonly<Record<string, string | undefined>>,
  columns: number | undefined,
  isTerminal: boolean,
): TerminalOptions {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return {
    columns: columns ?? 80,
    color: isTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    unicode: /utf-?8/i.test(locale),
  };
}

/** The ranking of a run for a terminal: the answer, one line a backend, what failed and why, what limits it. Ends with a newline. */
export function renderTerminal(results: Results, options: TerminalOptions): string {
  const run = summarise(results.plan, results.trials);
  const paint = painter(options);
  const width = Math.min(100, Math.max(40, options.columns));
  const blocks = `${results.plan.profile.blocks} block${results.plan.profile.blocks === 1 ? '' : 's'}`;
  const lines = [
    ...wrapped(`Statebench · ${plainText(results.plan.suite)} · ${results.plan.profile.name}, ${blocks}`, width, '  ').map(paint.bold),
  ];
  const caveats = caveatsOf(results, run);
  const isAlarm = ({ tone }: Caveat) => tone === 'alarm';
  lines.push(...caveatLines(caveats.filter(isAlarm), width, paint));
  const inMemory = new Set(inMemoryOf(run, results.environment).keys());
  for (const group of run.groups)
    lines.push(
      '',
      ...groupLines(group, { plan: results.plan, run, inMemory }, width, paint),
      ...latencyLines(group, width, paint),
      ...speedUpLines(group, run, width, paint),
      ...flinkLines(group, width),
      ...recoveryLines(group, results.plan, run, width),
    );
  for (const sizes of stateSizesOf(run)) lines.push(...scalingLines(sizes, results.plan, width, paint));
  lines.push(
    '',
    ...caveatLines(
      caveats.filter((caveat) => !isAlarm(caveat)),
      width,
      paint,
    ),
  );
  const text = `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
  return options.unicode ? text : ascii(text);
}

/** How well the model of recovery predicts what was measured, in a line. */
function recoveryLines(group: GroupSummary, plan: Plan, run: RunSummary, width: number): readonly string[] {
  const line = modelErrorsLine(contestOf(group, plan, run));
  return line === '' ? [] : ['', ...wrapped(line, width, '  ')];
}

export interface Painter {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

/** What paints text, or leaves it where there is no colour. */
export function painter({ color }: TerminalOptions): Painter {
  const sgr = (code: number) => (text: string) => (color && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { bold: sgr(1), dim: sgr(2), good: sgr(32), bad: sgr(31) };
}

interface Field {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** What it says of a cell; `size` is the room a bar has. */
  readonly text: (cell: CellSummary, size: number) => string;
  /** Fields of the highest rank go first where there is no room for all. */
  readonly rank: number;
}

interface Around {
  readonly plan: Plan;
  readonly run: RunSummary;
  /** Ids of the cells that get a mark. */
  readonly inMemory: ReadonlySet<string>;
}

function groupLines(group: GroupSummary, { plan, run, inMemory }: Around, width: number, paint: Painter): readonly string[] {
  const { headline, why } = decide(group, plan, run);
  const title = groupTitle(group);
  const unit = unitFor(
    'rate',
    group.candidates.flatMap((cell) => throughputOf(cell) ?? []),
  );
  const cells = [...group.candidates, ...(group.harness === null ? [] : [group.harness])];
  const fields = fitting(fieldsOf(group, inMemory, unit), cells, width);
  const row = (text: (field: Field, size: number) => string) =>
    fields.map(({ field, size }) => padded(text(field, size), size, field.align)).join('  ');
  const bodies = cells.map((cell) => {
    const line = row((field, size) => shortText(field.text(cell, size), size));
    if (cell.cell.role === 'harness-cost') return paint.dim(line);
    return cell.tier === 1 ? paint.good(line) : standingLine(cell, group, plan).tone === 'bad' ? paint.bad(line) : line;
  });
  const troubles = group.candidates.flatMap((cell) => {
    const { tone, mark, detail } = standingLine(cell, group, plan);
    const unsteady = unsteadyWords(cell);
    return [
      ...(tone === 'bad' ? wrapped(`${nameOf(cell)}: ${mark} ${detail}`, width, '  ').map(paint.bad) : []),
      ...(unsteady === null ? [] : wrapped(`! ${nameOf(cell)}: ${unsteady}.`, width, '  ').map(paint.bold)),
    ];
  });
  const absent = plan.leftOut.flatMap(({ backend, reason }) =>
    wrapped(`${plainText(backend)}: left out: ${plainText(reason)}`, width, '  '),
  );
  return [
    ...wrapped(title, width, ''),
    ...wrapped(`Use ${headline}.`.replace(/^Use (No answer yet|None of these)/, '$1'), width, '').map(paint.bold),
    ...wrapped(asText(why), width, ''),
    '',
    paint.dim(row(({ title: head }) => head)),
    ...bodies,
    ...(troubles.length + absent.length === 0 ? [] : ['', ...troubles, ...absent]),
  ];
}

/** The sustained rate and the latency at the usual load, a line a backend. */
function latencyLines(group: GroupSummary, width: number, paint: Painter): readonly string[] {
  const texts = pacedCells(group).map((cell) => {
    const load = loadsOf(cell).find(({ fraction }) => fraction === USUAL_LOAD);
    const isVoid = load !== undefined && load.voided > 0 && load.p50Ms === null;
    const time = (ms: number | null | undefined) => (ms == null ? (isVoid ? 'void' : '–') : withUnit('time', ms));
    return [shortText(nameOf(cell), NAME), bracketText(cell), time(load?.p50Ms), time(load?.p99Ms?.mean), time(load?.windowP50Ms)];
  });
  if (texts.length === 0) return [];
  const rows = [['Open loop', 'Sustained rate', `p50 at ${percent(USUAL_LOAD)}`, 'p99', 'Window p50'], ...texts];
  const sizes = rows[0]!.map((_, i) => Math.max(...rows.map((row) => displayWidth(row[i]!))));
  const count = sizes.findLastIndex((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size + 2, -2) <= width) + 1;
  const lines = rows.map((row) =>
    row
      .slice(0, count)
      .map((text, i) => padded(text, sizes[i]!, i < 2 ? 'left' : 'right'))
      .join('  '),
  );
  return ['', paint.dim(lines[0]!), ...lines.slice(1)];
}

function speedUpLines(group: GroupSummary, run: RunSummary, width: number, paint: Painter): readonly string[] {
  const speedUps = speedUpsOf(group, run);
  if (speedUps === null) return [];
  const { columns, rows } = speedUpTable(speedUps);
  const texts = [columns.map(({ title }) => title), ...rows.map((row) => row.map((value) => shortText(String(value ?? '–'), NAME)))];
  const isRoomy = (count: number) => sizesOf(count).reduce((sum, size) => sum + size + 2, -2) <= width;
  const sizesOf = (count: number) => columns.slice(0, count).map((_, i) => Math.max(...texts.map((row) => displayWidth(row[i]!))));
  const count = columns.findLastIndex((_, i) => isRoomy(i + 1)) + 1;
  const sizes = sizesOf(count);
  const lines = texts.map((row) => sizes.map((size, i) => padded(row[i]!, size, i === 0 ? 'left' : 'right')).join('  '));
  return ['', paint.dim(lines[0]!), ...lines.slice(1), ...wrapped(speedUpNote(speedUps), width, '').map(paint.dim)];
}

/** Whether the order holds on Flink; the rest of it stands in the page. */
function flinkLines(group: GroupSummary, width: number): readonly string[] {
  const bridge = bridgeOf(group);
  return bridge === null ? [] : ['', ...wrapped(bridge.answer, width, '')];
}

/** How costs grow with the state, and where backends change places. */
function scalingLines(sizes: StateSizes, { profile }: Plan, width: number, paint: Painter): readonly string[] {
  const { rows } = scalingTable(sizes);
  if (rows.length === 0) return [];
  const texts = rows.map(([backend, cost, claim, fit]) => `${backend}, ${cost}: claimed ${claim}; ${fit}`);
  return [
    '',
    ...wrapped(`${plainText(sizes.name)} over ${sizes.sizes.length} sizes of state`, width, '').map(paint.bold),
    ...crossingsOf(sizes, levelOf(profile)).flatMap((crossing) => wrapped(crossingSentence(crossing), width, '  ')),
    ...texts.flatMap((text) => wrapped(text, width, '  ')),
    ...wrapped(SCALING_NOTE, width, '').map(paint.dim),
  ];
}

const BAR_RANK = -1;
const MOST_BAR = 20;
const FEWEST_BAR = 5;
const NAME = 16;

function fieldsOf(group: GroupSummary, inMemory: ReadonlySet<string>, unit: Unit): readonly Field[] {
  const most = Math.max(...group.candidates.filter(isShown).map((cell) => throughputOf(cell) ?? 0));
  const short = { 1: 'events/s', 1000: 'k ev/s', 1000000: 'M ev/s' }[unit.divisor] ?? unit.unit;
  return [
    {
      title: 'Tier',
      align: 'left',
      rank: 0,
      text: (cell) =>
        cell.cell.role === 'harness-cost' ? '' : cell.tier === null ? '–' : isFlink(cell) ? `F ${cell.tier}` : String(cell.tier),
    },
    {
      title: 'Backend',
      align: 'left',
      rank: 0,
      text: (cell) => {
        if (cell.cell.role === 'harness-cost') return shortText(`${nameOf(cell)} (harness)`, NAME);
        return inMemory.has(cell.cell.id) ? `${shortText(nameOf(cell), NAME - 2)} ${IN_MEMORY_MARK}` : shortText(nameOf(cell), NAME);
      },
    },
    { title: short, align: 'right', rank: 0, text: (cell) => rateText(cell, unit) },
    { title: '', align: 'left', rank: BAR_RANK, text: (cell, size) => bar(size, isShown(cell) ? (throughputOf(cell) ?? 0) / most : 0) },
    { title: `vs ${shortText(group.reference, 9)}`, align: 'left', rank: 2, text: (cell) => verdictText(cell, group) },
    {
      title: 'Pause',
      align: 'right',
      rank: 1,
      text: ({ metrics, standing }) =>
        metrics.pauseMs === null || standing === 'wrong' ? '–' : withUnit('time', metrics.pauseMs.mean, uncertainty(metrics.pauseMs)),
    },
    {
      title: 'Restore',
      align: 'right',
      rank: 1,
      text: ({ metrics, standing }) =>
        metrics.restoreMs === null || standing === 'wrong' ? '–' : withUnit('time', metrics.restoreMs.mean, uncertainty(metrics.restoreMs)),
    },
    {
      title: 'Replay',
      align: 'right',
      rank: 3,
      text: ({ metrics, standing }) =>
        metrics.replayPerSecond === null || standing === 'wrong' ? '–' : `${rounded(metrics.replayPerSecond.mean / 1000, null)} k/s`,
    },
    {
      title: 'Output',
      align: 'left',
      rank: 0,
      text: outputMark,
    },
  ];
}

/** The fields there is room for, each with its width; the bar takes what the others leave. */
function fitting(fields: readonly Field[], cells: readonly CellSummary[], width: number) {
  const sized = fields.map((field) => ({
    field,
    size: Math.max(displayWidth(field.title), ...cells.map((cell) => displayWidth(field.text(cell, 0)))),
  }));
  for (let rank = 3; rank >= 0; rank--) {
    const kept = sized.filter(({ field }) => field.rank <= rank);
    const free = width - kept.reduce((sum, { size }) => sum + size + 2, 0);
    // What only wide terminals show must leave room for the bar.
    if ((free + 2 < 0 || (rank === 3 && free < FEWEST_BAR)) && rank > 0) continue;
    const room = Math.min(MOST_BAR, free);
    return kept.flatMap(({ field, size }) =>
      field.rank === BAR_RANK ? (room < FEWEST_BAR ? [] : [{ field, size: room }]) : [{ field, size }],
    );
  }
  return [];
}

/** A wrong cell's figures count for nothing, and the null backend's are no candidate's. */
function isShown({ cell, standing }: CellSummary): boolean {
  return cell.role === 'candidate' && standing !== 'wrong';
}

function rateText(cell: CellSummary, { divisor }: Unit): string {
  const mean = throughputOf(cell);
  const half = cell.metrics.eventsPerSecond === null ? null : uncertainty(cell.metrics.eventsPerSecond);
  return mean === null || cell.standing === 'wrong' ? '–' : rounded(mean / divisor, half === null ? null : half / divisor);
}

function verdictText({ cell, isTwin, againstReference }: CellSummary, { reference }: GroupSummary): string {
  if (cell.backend.name === reference) return 'reference';
  if (isTwin) return 'A/A';
  return againstReference?.verdict.word ?? '–';
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function bar(size: number, share: number): string {
  const eighths = Math.round(share * size * 8);
  const text = `${'█'.repeat(eighths >> 3)}${EIGHTHS[eighths & 7]!}`;
  return text === '' && share > 0 && size > 0 ? EIGHTHS[1]! : text;
}

function caveatLines(caveats: readonly Caveat[], width: number, paint: Painter): readonly string[] {
  return caveats.flatMap(({ tone, text }) =>
    wrapped(`${tone === 'note' ? '·' : '!'} ${text}`, width, '  ').map(tone === 'note' ? paint.dim : paint.bold),
  );
}

/** Lines of at most `width`, broken at spaces where there are any; all but the first begin with `indent`. */
export function wrapped(text: string, width: number, indent: string): readonly string[] {
  const lines = [''];
  for (const word of text.split(' ').flatMap((long) => pieces(long, width - indent.length))) {
    const last = lines.at(-1)!;
    if (last === '' || last === indent) lines[lines.length - 1] = last + word;
    else if (displayWidth(last) + 1 + displayWidth(word) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(indent + word);
  }
  return lines;
}

function pieces(word: string, size: number): readonly string[] {
  const characters = [...word];
  const step = displayWidth(word) > characters.length ? Math.floor(size / 2) : size;
  return Array.from({ length: Math.max(1, Math.ceil(characters.length / step)) }, (_, i) =>
    characters.slice(i * step, (i + 1) * step).join(''),
  );
}

export function padded(text: string, size: number, align: Field['align']): string {
  const space = ' '.repeat(Math.max(0, size - displayWidth(text)));
  return align === 'left' ? text + space : space + text;
}

/** Columns a text takes: East Asian and pictures take two, marks none. */
export function displayWidth(text: string): number {
  return [...text].reduce(
    (sum, character) => sum + (/\p{M}/u.test(character) ? 0 : /[\u1100-\u115f\u2e80-\uffe6\u{1f000}-\u{3ffff}]/u.test(character) ? 2 : 1),
    0,
  );
}

const ASCII: Readonly<Record<string, string>> = {
  '×': 'x',
  '⁶': '^6',
  µ: 'u',
  '✓': '+',
  '✕': '!',
  '·': '-',
  '°': '*',
  '–': '-',
  '−': '-',
  '…': '~',
  '“': '"',
  '”': '"',
  '’': "'",
  '█': '#',
};

/** With what only Unicode has replaced. */
export function ascii(text: string): string {
  return text.replace(/\P{ASCII}/gu, (character) => ASCII[character] ?? (EIGHTHS.includes(character) ? '#' : '?'));
}
