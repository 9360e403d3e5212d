/** Keeps passwords out of everything that is written to disk or shown. */
import type { Options } from './options.ts';

/** `scheme://user:password@`: to the last `@` of the word, as a password may hold one. */
const IN_URL = /([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)(?!\*\*\*@)[^\s]*@/gi;
/** `password=…` of a spec or of a url's query. */
const NAMED = /\b(\w*(?:password|passwd|secret|token))=(?!\*)[^\s&,'"]+/gi;
const SECRET_NAME = /(?:password|passwd|secret|token)$/i;
const MASK = '***';

/** `text` with every password in it replaced: `redis://:***@host`. */
export function withoutPasswords(text: string): string {
  return text.replace(IN_URL, `$1${MASK}@`).replace(NAMED, `$1=${MASK}`);
}

/** A copy of `value`, which is JSON, with {@link withoutPasswords} applied to every text in it. */
export function cleared<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? withoutPasswords(part) : part))) as T;
}

/** Names of the options that carry a password. */
export function secretOptions(options: Options): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    typeof value === 'string' &&
    (SECRET_NAME.test(name) || value.includes(`:${MASK}@`) || value.includes(`=${MASK}`) || withoutPasswords(value) !== value)
      ? [name]
      : [],
  );
}

/** A copy with passwords masked. */
export function maskedOptions(options: Options): Options {
  const secret = new Set(secretOptions(options));
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      if (!secret.has(name)) return [name, value];
      const masked = withoutPasswords(String(value));
      return [name, masked === value && !masked.includes(MASK) ? MASK : masked];
    }),
  );
}
