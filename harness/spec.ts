/**
 * Reads `NAME[@label][:k=v,…]`, the way backends, workloads and checkpoint storages are named on the command line and in
 * suites. Knows nothing of modules: names are resolved by `modules.ts`, values are converted by `options.ts`.
 */
import { StatebenchError } from './errors.ts';

/** One `k=v` as written; `key` is null for the one bare word that sets a module's first option. */
export interface SpecOption {
  readonly key: string | null;
  readonly value: string | number | boolean;
}

export interface Spec {
  /** A built-in's name, or a path to a module as written. */
  readonly name: string;
  readonly isPath: boolean;
  /** Tells variants of one module apart. */
  readonly label: string | null;
  readonly options: readonly SpecOption[];
}

const LONGEST_SPEC = 4096;
const NAME = /^[a-z][a-z0-9-]*$/;
const LABEL = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;
const KEY = /^[A-Za-z][A-Za-z0-9_-]*$/;
/** No built-in has a slash in its name. */
const PATH = /^(?:[^:@]*\/|file:)/;
/** The name ends at the first module extension that label, options or nothing follow: folders may hold `@` and `:`. */
const PATH_SPEC = /^(?<name>.*?\.(?:[cm]?js|m?ts))(?:@(?<label>[^:]*))?(?::(?<options>.*))?$/s;
const NAME_SPEC = /^(?<name>[^:@]*)(?:@(?<label>[^:]*))?(?::(?<options>.*))?$/s;

/** Keys that mean something to every JavaScript object. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** @throws StatebenchError `bad-spec`, saying what is wrong with `text` and how it is written. */
export function parseSpec(text: string): Spec {
  if (text.length > LONGEST_SPEC) throw bad(`${text.slice(0, 40)}…`, `is longer than ${LONGEST_SPEC} characters`);
  const isPath = PATH.test(text);
  const parts = (isPath ? PATH_SPEC : NAME_SPEC).exec(text)?.groups;
  const name = parts?.name;
  if (name === undefined || name === '') {
    throw isPath ? bad(text, 'is a path that names no module: its name ends in .js or .mjs') : bad(text, 'has no name');
  }
  if (!isPath && !NAME.test(name)) {
    const path = /\.[cm]?[jt]s$/.test(name) ? `; for the file of that name write ./${name}` : '';
    throw bad(text, `begins with '${name}', which is neither a name nor a path${path}`);
  }
  return { name, isPath, label: checkLabel(parts?.label, text), options: parseOptions(parts?.options, text) };
}

/** {@link parseSpec} for the object form of a suite. Option keys are checked; their values are taken as they are. */
export function specFromParts(name: string, label: string | null, options: Readonly<Record<string, string | number | boolean>>): Spec {
  const { isPath, options: inName, label: inLabel } = parseSpec(name);
  if (inLabel !== null || inName.length > 0) throw bad(name, `carries a label or options of its own; write them beside 'name'`);
  for (const key of Object.keys(options)) checkKey(key, name);
  const entries = Object.entries(options).map(([key, value]) => ({ key, value }));
  return { name, isPath, label: checkLabel(label ?? undefined, name), options: entries };
}

/** The bare word of a spec such as `flink:rocksdb`, which then is part of its displayed name. */
export function bareWord(spec: Spec): string | null {
  const first = spec.options[0];
  return first !== undefined && first.key === null ? String(first.value) : null;
}

/** `k=v,…` alone, as `statebench conformance` takes it after a path. @throws StatebenchError `bad-spec` */
export function parseOptions(text: string | undefined, whole: string): readonly SpecOption[] {
  if (text === undefined) return [];
  const options: SpecOption[] = [];
  const keys = new Set<string>();
  for (const { key, value } of splitOptions(text, whole)) {
    if (key === null && options.length > 0) {
      throw bad(whole, `has '${value}' without a name; only the first option may stand without one, as in flink:rocksdb`);
    }
    if (key !== null) {
      checkKey(key, whole);
      if (keys.has(key)) throw bad(whole, `sets '${key}' twice`);
      keys.add(key);
    }
    options.push({ key, value });
  }
  return options;
}

/**
 * Splits at commas. The first `=` ends the key; the value may hold more of them, and colons. A value in quotes may hold
 * commas; outside of quotes `\,` is a comma.
 */
function splitOptions(text: string, whole: string): readonly { readonly key: string | null; readonly value: string }[] {
  const items: { key: string | null; value: string }[] = [];
  let key: string | null = null;
  let value = '';
  let quote = '';
  let wasQuoted = false;
  const finish = (): void => {
    if (key === null && value === '' && !wasQuoted) throw bad(whole, `has an empty option; write name=value between commas`);
    items.push({ key, value });
    key = null;
    value = '';
    wasQuoted = false;
  };
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    const next = text[i + 1];
    if (letter === '\\' && next !== undefined && (quote === '' ? ',\\"\'' : `${quote}\\`).includes(next)) {
      value += next;
      i++;
    } else if (quote !== '') {
      if (letter === quote) quote = '';
      else value += letter;
    } else if ((letter === '"' || letter === "'") && value === '' && !wasQuoted) {
      quote = letter;
      wasQuoted = true;
    } else if (letter === ',') finish();
    else if (wasQuoted) throw bad(whole, `has '${letter}' after a closing quote; a comma belongs there`);
    else if (letter === '=' && key === null) {
      key = value;
      value = '';
    } else value += letter;
  }
  if (quote !== '') throw bad(whole, `has a quote ${quote} that is never closed`);
  finish();
  return items;
}

function checkKey(key: string, whole: string): void {
  if (FORBIDDEN_KEYS.has(key) || !KEY.test(key)) throw bad(whole, `has '${key}' where an option's name belongs`);
}

function checkLabel(label: string | undefined, whole: string): string | null {
  if (label === undefined) return null;
  if (!LABEL.test(label)) throw bad(whole, `has the label '${label}'; a label is up to 40 letters, digits, '.', '_' and '-'`);
  return label;
}

function bad(text: string, problem: string): StatebenchError {
  return new StatebenchError(
    'bad-spec',
    `'${text}' ${problem}. It is written NAME[@label][:option=value,…], for example lmdb@big:mapSize=1gib`,
  );
}
