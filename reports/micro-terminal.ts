import type { MicroResults } from '../harness/results.ts';
import { compareMicro, type MicroComparison, microSettingsText, rangeText, rateText, ratioText } from './micro-table.ts';
import { shortText } from './plain-text.ts';
import { ascii, type TerminalOptions } from './terminal.ts';

const NAME_CHARACTERS = 14;

/** The state micro-suite for a terminal, in 80 columns: a table a batch size and backend, each against the first. Ends with a newline. */
export function renderMicroTerminal(micro: MicroResults, { unicode }: Pick<TerminalOptions, 'unicode'>): string {
  const names = micro.backends.map(({ name }) => shortText(name, NAME_CHARACTERS));
  const comparisons = compareMicro(micro);
  const others = names.length === 1 ? [0] : names.slice(1).map((_, i) => i + 1);
  const lines = [
    'State micro-suite, operations per second',
    shortText(microSettingsText(micro), 500),
    ...comparisons.flatMap((comparison) => others.flatMap((other) => ['', ...table(comparison, names, other)])),
    ...micro.failures.map(({ backend, operations, message }) => shortText(`! ${backend}: ${operations.join(', ')}: ${message}`, 500)),
    ...micro.leftOut.map(({ backend, reason }) => shortText(`! ${backend} is not here: ${reason}`, 500)),
    ...(micro.complete ? [] : ['! ended early: not every operation was measured in every block']),
  ];
  const text = `${lines.join('\n')}\n`;
  return unicode ? text : ascii(text);
}

function table({ batchSize, rows }: MicroComparison, names: readonly string[], other: number): readonly string[] {
  const cells = rows.map(({ operation, figures }) => {
    const [first, second] = [figures[0] ?? null, figures[other] ?? null];
    const ratio = second?.ratio ? ratioText(second.ratio) : null;
    const rate = first === null ? '–' : rateText(first);
    if (other === 0) return [operation, rate, first === null ? '' : (rangeText(first) ?? '')];
    return [operation, rate, second === null ? '–' : rateText(second), ratio?.ratio ?? '–', ratio?.interval ?? ''];
  });
  const heads = other === 0 ? [names[0]!, ''] : [names[0]!, names[other]!, 'ratio', ''];
  const all = [[`batches of ${batchSize}`, ...heads], ...cells];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    row
      .map((text, column) => (column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
