import * as vega from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile, type TopLevelSpec } from 'vega-lite';
import { mergedPoints } from './merged-points.ts';

const refuse = () => Promise.reject(new Error('a chart of a report loads nothing'));
const loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse } as unknown as vega.Loader;

/**
 * Draws a spec as SVG to stand inside a page: positions are cut to a tenth of a pixel, and what only names marks or is set by the style sheet is left out.
 * Expressions are interpreted, never compiled; nothing is loaded.
 */
export async function drawSvg(spec: TopLevelSpec): Promise<string> {
  const runtime = vega.parse(compile(spec).spec, undefined, { ast: true });
  const view = new vega.View(runtime, { renderer: 'none', expr: expressionInterpreter, loader, logLevel: vega.Error });
  try {
    return slim(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/** Works on tags only: text between them is escaped by vega, so a `<` always begins a tag. */
function slim(svg: string): string {
  const plain = svg
    .replace(/<[^>]*>/g, (tag) =>
      tag
        .replace(
          / (?:xmlns|xmlns:xlink|version|role|aria-[a-z]+|class|pointer-events|font-family|font-size|font-weight|stroke-miterlimit)="[^"]*"/g,
          '',
        )
        .replace(/ (?:opacity="1"|stroke-opacity="1"|fill-opacity="1")/g, '')
        .replace(/ (?:d|transform|x|y|x1|x2|y1|y2|width|height)="[^"]*"/g, (geometry) => geometry.replace(/(\.\d)\d+/g, '$1'))
        .replace(/^<svg /, '<svg aria-hidden="true" '),
    )
    .replace(/<path(?: fill="none")?(?: stroke="[^"]*")? d="[^"]*" display="none"\/>/g, '')
    .replace(/<path d="M[\d.]+,[\d.]+h[\d.]+v[\d.]+h-?[\d.]+Z"\/>/g, '')
    .replace(/ (?:y2|x2|x|y)="0"| stroke-width="1"/g, '')
    .replace(GROUPS, ungrouped());
  return mergedPoints(plain);
}

const GROUPS = /<g(?: [^>]*)?>|<\/g>/g;

/** Takes out groups that do nothing, and those that close them. */
function ungrouped(): (tag: string) => string {
  const kept: boolean[] = [];
  return (tag) => {
    if (tag === '</g>') return kept.pop() === true ? tag : '';
    const isKept = tag !== '<g>' && tag !== '<g transform="translate(0,0)">';
    kept.push(isKept);
    return isKept ? tag : '';
  };
}
