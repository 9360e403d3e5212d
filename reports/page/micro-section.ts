import type { MicroResults } from '../../harness/results.ts';
import { batchText, compareMicro, type MicroComparison, microSettingsText, rangeText, rateText, ratioText } from '../micro-table.ts';
import { plainText } from '../plain-text.ts';
import { grouped } from '../quantity.ts';
import { survivalOf } from '../recommend/words.ts';
import { machineText, pageOf } from './frame.ts';
import { html, type Markup } from './html.ts';
import { pretty, saveButtons, savedData, zipped } from './saved-files.ts';

/** A page of the micro-suite alone, for a folder that holds no run. */
export function renderMicroPage(micro: MicroResults): string {
  const { environment, startedAt, backends } = micro;
  return pageOf({
    title: 'Statebench: state micro-suite',
    headline: html`state micro-suite · ${backends.length} backend${backends.length === 1 ? '' : 's'} · <b>${machineText(environment)}</b> · Node.js ${plainText(environment.node)} · ${startedAt.slice(0, 10)}`,
    navigation: html`<a href="#micro">Micro-suite</a>`,
    main: microSection(micro),
    statebench: environment.statebench,
    startedAt: [startedAt],
  });
}

/** Operations a second of every operation on every backend, a table a batch size. */
export function microSection(micro: MicroResults, before = ''): Markup {
  const { backends, failures, leftOut, operations, complete, settings, command } = micro;
  const reference = plainText(backends[0]!.name);
  const against =
    backends.length < 2
      ? ''
      : ` Beside it: the ratio to ${reference}, the geometric mean over blocks${settings.blocks < 3 ? '' : ' with its paired 95 % interval, Holm-adjusted over backends'}.`;
  const missing = [
    ...failures.map(
      ({ backend, operations: of, code, message }) =>
        `${backend}: ${of.join(', ')}: ${code === 'wrong' ? 'wrong, so not timed: ' : `${code}: `}${message}`,
    ),
    ...leftOut.map(({ backend, reason }) => `${backend}: not here: ${reason}`),
  ];
  const files = [{ name: 'micro.json', base64: zipped(pretty(micro)) }];
  return html`<section id="${before}micro"><h2>State micro-suite</h2><p class="lead">The operations of Flink's state benchmarks as calls of the backend contract, each in a process of its own for its state: ${microSettingsText(micro)}. Operations per second are over all of the time measured, stalls included: the median over blocks, and below it the lowest and the highest block and the median time of one batch (of one key for scans). Each operation was compared with a plain Map before it was timed. They tell what a call costs, not which backend a job should use: that is what a run measures.${against}</p>
${complete ? null : html`<p class="banner" role="alert">Ended early: not every operation was measured in every block.</p>`}
${missing.length === 0 ? null : html`<ul class="bad">${missing.map((text) => html`<li>${plainText(text)}</li>`)}</ul>`}
${compareMicro(micro).map((comparison) => batchTable(comparison, micro))}
<details><summary>Backends: what their state survives without a checkpoint, and their settings</summary><dl class="pad">${backends.map(({ name, durability, settings: own }) => html`<dt>${plainText(name)}</dt><dd>${survivalOf(durability)}${Object.entries(own).map(([key, value]) => html`; ${plainText(key)}=${plainText(String(value))}`)}</dd>`)}</dl></details>
<details><summary>What each operation does</summary><dl class="pad">${operations.map(({ name, description }) => html`<dt>${plainText(name)}</dt><dd>${plainText(description)}</dd>`)}</dl></details>
<pre id="${before}micro-command" tabindex="0">${plainText(command)}</pre><div class="buttons" data-needs-script hidden><button type="button" data-copy="${before}micro-command">Copy the command</button>${saveButtons(files, before)}</div>
${savedData(files, before)}</section>`;
}

function batchTable({ batchSize, rows }: MicroComparison, { backends }: MicroResults): Markup {
  const title = `Batches of ${grouped(batchSize, 0)}`;
  const [first, ...others] = backends.map(({ name }) => plainText(name));
  return html`<h3>${title}</h3><div class="card"><div class="scroll" tabindex="0" role="region" aria-label="Operations per second, ${title.toLowerCase()}"><table><thead><tr><th scope="col">Operation</th><th scope="col">${first!}<small>operations/s</small></th>${others.map((name) => html`<th scope="col">${name}<small>operations/s</small></th><th scope="col">to ${first!}<small>ratio</small></th>`)}</tr></thead><tbody>${rows.map(
    ({ operation, figures }) =>
      html`<tr><td>${plainText(operation)}</td>${figures.map((figure, i) => {
        const ratio = figure?.ratio ? ratioText(figure.ratio) : null;
        const batch = figure && batchText(figure);
        const rate =
          figure === null
            ? html`–`
            : html`<b>${rateText(figure)}</b>${small(rangeText(figure))}${small(batch === null ? null : `${batch} per batch`)}`;
        return html`<td>${rate}</td>${i === 0 ? null : html`<td>${ratio === null ? '–' : ratio.ratio}${small(ratio?.interval ?? null)}</td>`}`;
      })}</tr>`,
  )}</tbody></table></div></div>`;
}

function small(text: string | null): Markup | null {
  return text === null ? null : html`<br><small>${text}</small>`;
}
