/** Reads the values of command-line flags. */
import { InvalidArgumentError } from 'commander';
import { suggestion } from '../harness/errors.ts';
import { parseDuration, parseSize } from '../harness/units.ts';

/** A parser of whole numbers from `least` up. 1_000 is a way to write 1000. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN;
    if (!Number.isSafeInteger(number) || number < least) throw new InvalidArgumentError(`It takes a whole number from ${least}.`);
    return number;
  };
}

/** `1,64,1024` */
export function wholeNumbers(least: number): (text: string) => readonly number[] {
  const one = wholeNumber(least);
  return (text) => text.split(',').map((part) => one(part.trim()));
}

/** `256mb`, `1gib`, or bytes. */
export function size(text: string): number {
  const bytes = parseSize(text);
  if (bytes === null) throw new InvalidArgumentError('It takes a whole number of bytes, or a size such as 256mb or 1gib.');
  return bytes;
}

/** `100ms`, `2s`, in milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError('It takes a duration with its unit, such as 100ms or 2s.');
  return ms;
}

/** `90min`, `2h`, in seconds. */
export function seconds(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError('It takes a duration with its unit, such as 90min or 2h.');
  return ms / 1000;
}

/** A number above 0. */
export function positive(text: string): number {
  const number = /^[\d.]+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number > 0)) throw new InvalidArgumentError('It takes a number above 0.');
  return number;
}

/** Words of a list, with commas; any other is refused with the nearest. */
export function words<const Word extends string>(known: readonly Word[]): (text: string) => readonly Word[] {
  return (text) =>
    text.split(',').map((part) => {
      const word = known.find((one) => one === part.trim());
      if (word === undefined) throw new InvalidArgumentError(`There is no '${part.trim()}' to name here.${suggestion(part.trim(), known)}`);
      return word;
    });
}

/** {@link words} of a flag that may be repeated. */
export function gatheredWords(known: readonly string[]): (text: string, before: readonly string[] | undefined) => readonly string[] {
  const some = words(known);
  return (text, before) => [...(before ?? []), ...some(text)];
}

/** Gathers a flag that may be repeated. */
export function gathered(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
