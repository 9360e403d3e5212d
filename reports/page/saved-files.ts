import { gzipSync } from 'node:zlib';
import { html, type Markup, raw } from './html.ts';

/** A file as the page carries it. */
export interface SavedFile {
  readonly name: string;
  /** Of the gzipped text. */
  readonly base64: string;
}

/** A file as the page carries it: gzipped, as base64. A higher level takes a third longer, for half a percent of the size. */
export const zipped = (text: string) => gzipSync(text, { level: 6 }).toString('base64');
/** JSON as results folders have it. */
export const pretty = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** A button that saves each file; `before` stands before the names of the files of one run, where a page has several. */
export function saveButtons(files: readonly SavedFile[], before = ''): readonly Markup[] {
  return files.map(
    ({ name }) => html`<button type="button" data-download="${before}${name}" data-from="${before}data-${name}">${name}</button>`,
  );
}

/** The files themselves, inert. */
export function savedData(files: readonly SavedFile[], before = ''): readonly Markup[] {
  return files.map(({ name, base64 }) => html`<script type="text/plain" id="${before}data-${name}">${raw(base64)}</script>`);
}
