import { gzipSync } from 'node:zlib';
import type { HistogramData, Trial } from '../../harness/results.ts';
import { cellTable } from '../cell-table.ts';
import { toCsv, toMarkdown } from '../export.ts';
import { plainText } from '../plain-text.ts';
import type { Results } from '../read-results.ts';
import type { RunSummary } from '../statistics/summary.ts';
import { summaryFile } from '../summary-file.ts';
import { html, type Markup } from './html.ts';
import { pretty, saveButtons, savedData, zipped } from './saved-files.ts';

/** How to run it again, and the data themselves, to be saved from the page; the summary and the trials as far as `roomBytes` allows. */
export function reproduce(results: Results, run: RunSummary, roomBytes: number, before: string): Markup {
  const { plan, environment } = results;
  const table = cellTable(run);

  const files = [
    ['plan.json', pretty(plan)],
    ['environment.json', pretty(environment)],
    ['table.csv', toCsv(table)],
    ['table.md', toMarkdown(table)],
  ].map(([name, text]) => ({ name: name!, base64: zipped(text!) }));
  const shown = [plan, environment].map((value) => plainLines(pretty(value)));
  const taken = [...shown, ...files.map(({ base64 }) => base64)].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const summary = { name: 'summary.json', base64: zipped(pretty(summaryFile(results, run))) };
  const isRoomy = taken + summary.base64.length <= roomBytes;
  if (isRoomy) files.push(summary);
  const packed = pack(results.trials, roomBytes - taken - (isRoomy ? summary.base64.length : 0));
  if (packed.base64 !== null) files.unshift({ name: 'trials.ndjson', base64: packed.base64 });
  return html`<section id="${before}reproduce"><h2>Run it again</h2><p class="lead">The same command on a machine of the same kind. The suite as it was resolved, with every setting, is in plan.json.</p>
<pre id="${before}command" tabindex="0">${plainText(plan.command)}</pre><div class="buttons" data-needs-script hidden><button type="button" data-copy="${before}command">Copy the command</button><span>Save:</span>${saveButtons(files, before)}</div>
<p class="lead">${packed.note}${isRoomy ? '' : ' summary.json had no room.'} The files also lie in the folder this page was made from.</p>
<details><summary>Plan</summary><pre>${shown[0]!}</pre></details><details><summary>Environment</summary><pre>${shown[1]!}</pre></details></section>
${savedData(files, before)}`;
}

function plainLines(text: string): string {
  return text
    .split('\n')
    .map((line) => `${' '.repeat(line.search(/\S|$/))}${plainText(line)}`)
    .join('\n');
}

/** The trials, gzipped, with as much of the histograms as there is room for. */
function pack(trials: readonly Trial[], roomBytes: number): { readonly base64: string | null; readonly note: string } {
  const levels = [
    { trim: (trial: Trial) => trial, note: 'The page carries every trial whole.' },
    {
      trim: withoutCalls,
      note: 'The page carries every trial; the histograms of single calls had no room and are only in trials.ndjson of the results folder.',
    },
    {
      trim: withoutHistograms,
      note: 'The page carries every trial; histograms had no room and are only in trials.ndjson of the results folder.',
    },
  ];
  for (const { trim, note } of levels) {
    const text = trials.map((trial) => `${JSON.stringify(trim(trial))}\n`).join('');
    if (isHopeless(text, roomBytes)) continue;
    const base64 = zipped(text);
    if (base64.length <= roomBytes) return { base64, note };
  }
  return { base64: null, note: 'The trials had no room in the page; they are in trials.ndjson of the results folder.' };
}

/** The thorough level makes of trials five sixths of what the quickest does, which tells in a quarter of the time that there is no room. */
function isHopeless(text: string, roomBytes: number): boolean {
  return text.length > roomBytes && gzipSync(text, { level: 1 }).length / 2 > roomBytes;
}

const emptied = (histogram: HistogramData): HistogramData => ({ ...histogram, counts: [] });

function withoutCalls(trial: Trial): Trial {
  return trial.state === 'failed' ? trial : { ...trial, calls: trial.calls.map((call) => ({ ...call, time: emptied(call.time) })) };
}

function withoutHistograms(trial: Trial): Trial {
  const rest = withoutCalls(trial);
  if (rest.state === 'failed') return rest;
  if (rest.batchTime === null) return rest;
  const { all, duringCheckpoint } = rest.batchTime;
  return { ...rest, batchTime: { ...rest.batchTime, all: emptied(all), duringCheckpoint: emptied(duringCheckpoint) } };
}
