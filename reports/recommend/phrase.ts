import type { CriterionName } from './contest.ts';

/** What is to be read first; `evidence` names the figure it rests on. */
export interface Strong {
  readonly strong: string;
  readonly evidence?: CriterionName;
}

/** A sentence. Plain text from results, not escaped for any output. */
export type Phrase = readonly (string | Strong)[];

/** A phrase as plain text. */
export function asText(phrase: Phrase): string {
  return phrase.map((part) => (typeof part === 'string' ? part : part.strong)).join('');
}

/** "a", "a or b", "a, b or c". */
export function listed(names: readonly string[], word: 'and' | 'or'): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`;
}

/** With the first letter large. */
export function capitalised([first, ...rest]: Phrase): Phrase {
  if (first === undefined) return [];
  const large = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return [typeof first === 'string' ? large(first) : { ...first, strong: large(first.strong) }, ...rest];
}
