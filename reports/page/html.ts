import type { PageElement } from './element.ts';

/** HTML that may stand in the page as it is. Only {@link html} and {@link raw} make it. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' };

/** Text as it may stand between tags and within quoted attributes. The one way for text of results into the page. */
export function escaped(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => ENTITIES[character]!);
}

/** A template whose values are escaped, unless they are markup already. Lists are joined; null is nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | number | Markup | readonly Markup[] | null)[]): Markup {
  const text = (value: (typeof values)[number] | undefined): string => {
    if (value === null || value === undefined) return '';
    if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
    return value instanceof Markup ? value.toString() : value.map(String).join('');
  };
  return new Markup(parts.map((part, i) => part + text(values[i])).join(''));
}

/** Markup that this program made (a drawing, a style sheet): never text of results. */
export function raw(text: string): Markup {
  return new Markup(text);
}

/** A piece of the page as markup: its text and its attributes are escaped. */
export function markupOf({ tag, attributes, children }: PageElement): Markup {
  const written = Object.entries(attributes).map(([name, value]) => html` ${raw(name)}="${value}"`);
  return html`<${raw(tag)}${written}>${children.map((child) => (typeof child === 'string' ? html`${child}` : markupOf(child)))}</${raw(tag)}>`;
}

const UNSAFE: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** Data for the page's script, inert in a script element of its own. */
export function dataElement(id: string, value: unknown): Markup {
  const json = JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => UNSAFE[character]!);
  return html`<script type="application/json" id="${id}">${raw(json)}</script>`;
}
