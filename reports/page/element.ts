/** A piece of a page before it is markup or a tree: the page is made of the same pieces on disk and in a browser. */
export interface PageElement {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (PageElement | string)[];
}

/** A piece of a page. Text is text: it is escaped, or goes through a text node. */
export function el(tag: string, attributes: Readonly<Record<string, string>>, ...children: readonly (PageElement | string)[]): PageElement {
  return { tag, attributes, children };
}

interface Node {
  setAttribute(name: string, value: string): void;
  append(...children: (Node | string)[]): void;
}

/** The part of a browser's document that is used. */
export interface NodeMaker {
  createElementNS(namespace: string, tag: string): Node;
}

const SVG = new Set(['svg', 'path']);

/** The piece as a node of a document. */
export function toNode({ tag, attributes, children }: PageElement, document: NodeMaker): Node {
  const namespace = SVG.has(tag) ? 'http://www.w3.org/2000/svg' : 'http://www.w3.org/1999/xhtml';
  const node = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.map((child) => (typeof child === 'string' ? child : toNode(child, document))));
  return node;
}
