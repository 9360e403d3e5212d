/** Turns the options of a spec into what a module's zod schema asks for, and says in words what that is. */
import { z } from 'zod';
import { StatebenchError, suggest, suggestion } from './errors.ts';
import type { SpecOption } from './spec.ts';
import { type NumberUnit, parseQuantity, unitOfName } from './units.ts';

export type OptionValue = string | number | boolean;
export type Options = Readonly<Record<string, OptionValue>>;

/** The part of JSON Schema that says what an option is; zod writes it, `meta({ unit })` may add a unit. */
interface OptionSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly OptionSchema[];
  readonly oneOf?: readonly OptionSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly unit?: string;
}

/** An option as a person reads about it. */
export interface OptionDescription {
  readonly name: string;
  /** What it takes: `whole number ≥ 1`, `true or false`, `one of uniform, zipf`. */
  readonly takes: string;
  readonly default: OptionValue | null;
  readonly required: boolean;
  readonly description: string;
}

/** A module's options, ready to convert and describe. */
export interface OptionReader {
  readonly described: readonly OptionDescription[];
  /** What the schema says about the module as a whole. */
  readonly description: string;
  /**
   * The given options under their names, as plain JSON values, each checked; what was not given stays out.
   * @throws StatebenchError `unknown-option` or `bad-value`, naming `subject`, the option and what it takes.
   */
  convert(options: readonly SpecOption[], subject: string): Options;
  /**
   * What the module's factory takes: converted options with the schema's defaults and transformations applied.
   * @throws StatebenchError `bad-value` if one that is needed is missing.
   */
  resolve(options: Options, subject: string): unknown;
}

const SIZE_MAX = Number.MAX_SAFE_INTEGER;

/** @throws StatebenchError `bad-module` if `schema` is not a zod schema of an object. */
export function readOptions(schema: unknown, subject: string): OptionReader {
  const type = checkSchema(schema, subject);
  const json = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as unknown as {
    readonly type?: string;
    readonly properties?: Readonly<Record<string, OptionSchema>>;
    readonly required?: readonly string[];
    readonly description?: string;
  };
  if (json.type !== 'object') {
    throw new StatebenchError('bad-module', `${subject}: 'options' must be a zod schema of an object, such as z.strictObject({})`);
  }
  const properties = new Map(Object.entries(json.properties ?? {}));
  const names = [...properties.keys()];
  const required = new Set(json.required ?? []);
  const described = names.map((name) => {
    const property = properties.get(name)!;
    return {
      name,
      takes: describeSchema(name, property),
      default: isOptionValue(property.default) ? property.default : null,
      required: required.has(name),
      description: property.description ?? '',
    };
  });
  const convert = (options: readonly SpecOption[], subject: string): Options => {
    const given = new Map<string, OptionValue>();
    for (const { key, value } of options) {
      const name = key ?? names[0];
      const property = name === undefined ? undefined : properties.get(name);
      if (name === undefined || property === undefined) throw unknownOption(key ?? String(value), names, subject);
      if (given.has(name)) throw new StatebenchError('bad-spec', `${subject} sets '${name}' twice`);
      given.set(name, convertValue(name, value, property, subject));
    }
    const result = Object.fromEntries(given);
    const wrong = type.safeParse(result).error?.issues.find((issue) => issue.path.length === 0 || given.has(String(issue.path[0])));
    if (wrong !== undefined) throw refused(wrong, result, properties, subject);
    return result;
  };
  const resolve = (options: Options, subject: string): unknown => {
    const parsed = type.safeParse(options);
    if (!parsed.success) throw refused(parsed.error.issues[0]!, options, properties, subject);
    return parsed.data;
  };
  return { described, description: json.description ?? '', convert, resolve };
}

function checkSchema(schema: unknown, subject: string): z.ZodType {
  if (schema instanceof z.core.$ZodType) return schema as z.ZodType;
  throw new StatebenchError(
    'bad-module',
    `${subject}: 'options' must be a schema made with zod 4; export const options = z.strictObject({}) where there are none`,
  );
}

function isOptionValue(value: unknown): value is OptionValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function unknownOption(name: string, names: readonly string[], subject: string): StatebenchError {
  const rest = names.length === 0 ? ' It takes none.' : suggestion(name, names);
  return new StatebenchError('unknown-option', `${subject} has no option '${name.slice(0, 80)}'.${rest}`);
}

function convertValue(name: string, value: OptionValue, schema: OptionSchema, subject: string): OptionValue {
  if (typeof value !== 'string') return value;
  const converted = convertText(value, schema, unitOf(name, schema));
  if (converted !== undefined) return converted;
  throw badValue(name, value, schema, subject);
}

/** @returns undefined if the text cannot be what the schema asks for. */
function convertText(text: string, schema: OptionSchema, unit: NumberUnit | null): OptionValue | undefined {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) {
    for (const branch of branches) {
      const converted = convertText(text, branch, unit);
      if (converted !== undefined) return converted;
    }
    return undefined;
  }
  const allowed = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (allowed !== undefined) return allowed.filter(isOptionValue).find((value) => String(value) === text);
  if (schema.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (schema.type === 'number' || schema.type === 'integer') return parseQuantity(text, unit) ?? undefined;
  return text;
}

/** A schema's own `meta({ unit: 'ms' })` goes before what the end of the option's name says. */
function unitOf(name: string, schema: OptionSchema): NumberUnit | null {
  if (schema.unit === undefined) return unitOfName(name);
  return unitOfName(schema.unit === 'ms' ? 'Ms' : schema.unit);
}

function badValue(name: string, value: OptionValue, schema: OptionSchema, subject: string): StatebenchError {
  const words = (schema.enum ?? []).filter((word) => typeof word === 'string');
  const near = typeof value === 'string' ? suggest(value, words) : null;
  const hint = near === null ? '' : ` Did you mean '${near}'?`;
  return new StatebenchError(
    'bad-value',
    `${subject}: option '${name}' takes ${describeSchema(name, schema)}, not '${String(value).slice(0, 80)}'.${hint}`,
  );
}

function refused(issue: z.core.$ZodIssue, given: Options, properties: ReadonlyMap<string, OptionSchema>, subject: string): StatebenchError {
  const name = String(issue.path[0] ?? '');
  const schema = properties.get(name);
  if (schema === undefined) return new StatebenchError('bad-value', `${subject}: ${issue.message}`);
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  if (value === undefined) {
    return new StatebenchError('bad-value', `${subject}: option '${name}' is needed and takes ${describeSchema(name, schema)}`);
  }
  const { message } = badValue(name, value, schema, subject);
  // A check of the module's own knows better than its types why it refused.
  return new StatebenchError('bad-value', issue.code === 'custom' ? `${message} ${issue.message}` : message);
}

function describeSchema(name: string, schema: OptionSchema): string {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return branches.map((branch) => describeSchema(name, branch)).join(' or ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`;
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'integer' || schema.type === 'number') {
    const unit = unitOf(name, schema);
    const noun = schema.type === 'integer' ? 'a whole number' : 'a number';
    if (unit === null) return `${noun}${describeRange(schema)}`;
    const example = unit.kind === 'bytes' ? '64mb, 1gib' : '500ms, 10s, 1h';
    return `${noun} of ${unit.name}${describeRange(schema)} (or with a unit: ${example})`;
  }
  if (schema.format === 'uri') return 'a URL';
  return schema.minLength !== undefined && schema.minLength > 0 ? 'a text that is not empty' : 'a text';
}

function describeRange({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: OptionSchema): string {
  const low = minimum !== undefined && minimum > -SIZE_MAX ? `≥ ${minimum}` : exclusiveMinimum === undefined ? '' : `> ${exclusiveMinimum}`;
  const high = maximum !== undefined && maximum < SIZE_MAX ? `≤ ${maximum}` : exclusiveMaximum === undefined ? '' : `< ${exclusiveMaximum}`;
  const range = [low, high].filter((end) => end !== '').join(' and ');
  return `${range === '' ? '' : ` ${range}`}${multipleOf === undefined ? '' : `, a multiple of ${multipleOf}`}`;
}
