import { createHash } from 'node:crypto';
import type { Environment } from '../../harness/results.ts';
import { plainText } from '../plain-text.ts';
import { withUnit } from '../quantity.ts';
import { html, type Markup, raw } from './html.ts';
import { wholeScript } from './script.ts';
import { STYLE } from './style.ts';

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const policyFor = (script: string) =>
  `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(script)}; img-src data:; base-uri 'none'; form-action 'none'`;

export interface PageParts {
  readonly title: string;
  /** What was measured where, in a line. */
  readonly headline: Markup;
  /** Links to the sections. */
  readonly navigation: Markup;
  readonly main: Markup;
  /** The version that measured. */
  readonly statebench: string;
  /** When the runs it is of began. */
  readonly startedAt: readonly string[];
}

/** A page that fetches nothing and runs nothing but its own script (by hash). */
export function pageOf({ title, headline, navigation, main, statebench, startedAt }: PageParts): string {
  const script = wholeScript();
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the answer</a>
<header><h1>Statebench</h1><p>${headline}</p><nav aria-label="Sections">${navigation}<button type="button" id="theme" data-needs-script hidden>Theme</button></nav></header>
<main id="main">${main}</main>
<footer><p>Made by Statebench ${plainText(statebench)} from the results of ${startedAt.map((time) => time.slice(0, 16).replace('T', ' ')).join(' and ')} UTC. This page fetches nothing.</p></footer>
<script>${raw(script)}</script>
</body>
</html>
`;
  return page.toString();
}

/** Processor, cores, memory and file system. */
export function machineText({ cpu, cores, memoryBytes, fileSystem }: Environment): string {
  return `${plainText(cpu)}, ${cores} cores, ${withUnit('bytes', memoryBytes)}, ${fileSystem === null ? 'file system unknown' : plainText(fileSystem)}`;
}
