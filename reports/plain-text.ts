const range = (from: number, to: number) => `\\u{${from.toString(16)}}-\\u{${to.toString(16)}}`;
const ESCAPE = `[\\u{1b}\\u{9b}]`;
/** CSI and OSC sequences with their arguments, so that nothing of a colour or a link stays behind. */
const SEQUENCES = new RegExp(
  `\\u{1b}\\][^\\u{7}\\u{1b}]*(?:\\u{7}|\\u{1b}\\\\)?|(?:\\u{1b}\\[|\\u{9b})[0-?]*[ -/]*[@-~]?|${ESCAPE}[@-Z\\\\-_]?`,
  'gu',
);
/** Controls, and the marks that turn text around or hide it. */
const INVISIBLE = new RegExp(
  `[${range(0, 0x1f)}${range(0x7f, 0x9f)}${range(0x200b, 0x200f)}${range(0x2028, 0x202e)}${range(0x2060, 0x2069)}\\u{feff}]+`,
  'gu',
);

/** Half a character: a file written as UTF-8 cannot hold it. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** `text` as one line that a terminal or a page can show: escape sequences go, other controls become one space. */
export function plainText(text: string): string {
  return text.replace(SEQUENCES, '').replace(INVISIBLE, ' ').replace(LONE_SURROGATE, '\u{fffd}').trim();
}

/** At most `length` characters of {@link plainText}, with an ellipsis if it was longer. */
export function shortText(text: string, length: number): string {
  const characters = [...plainText(text)];
  return characters.length <= length ? characters.join('') : `${characters.slice(0, length - 1).join('')}…`;
}
