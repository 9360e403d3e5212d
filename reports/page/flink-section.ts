import { adviceOf, adviceText } from '../flink/advice.ts';
import { BRIDGE_NOTE, bridgeOf } from '../flink/bridge.ts';
import type { GroupSummary } from '../statistics/summary.ts';
import { tableOf } from './figure.ts';
import { html, type Markup } from './html.ts';

/** Our pipeline beside Flink, and what to write into Flink's configuration. Null where a group has no cell of Flink. */
export function flinkSection(group: GroupSummary, id: string): Markup | null {
  const bridge = bridgeOf(group);
  if (bridge === null) return null;
  const advice = adviceOf(group);
  const pasted =
    advice === null
      ? null
      : html`<h3>In Flink's words</h3><p class="lead">For config.yaml: each line with the measurement behind it. A line that the data do not support is a comment that says why.</p><pre tabindex="0">${adviceText(advice)}</pre>`;
  return html`<section id="${id}"><h2>Does it hold on Flink?</h2><p class="lead"><b>${bridge.answer}</b></p>${tableOf(bridge.table)}<p class="lead">${BRIDGE_NOTE}</p>${pasted}</section>
`;
}
