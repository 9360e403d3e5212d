/**
 * Finds and loads the modules that a run is made of: backends, workloads, checkpoint storages. A name resolves by
 * convention to the built package's folders, a path is somebody's own module, and both take the same road from there.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CheckpointStorage } from '../backends/checkpoints/contract.ts';
import type { StateBackend } from '../backends/contract.ts';
import type { Gallery, Preparation, Workload } from '../workloads/contract.ts';
import { messageOf, StatebenchError, suggestion } from './errors.ts';
import { type OptionDescription, type OptionReader, type Options, readOptions } from './options.ts';
import { withoutPasswords } from './passwords.ts';
import { bareWord, parseSpec, type Spec, type SpecOption } from './spec.ts';

export type ModuleKind = 'backend' | 'workload' | 'storage';

/** What every configured module says about itself. */
export interface Configured {
  readonly name: string;
  /** What is really in force, after defaults. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

/** Names one module with its options, as JSON, so that another process can make the same thing with {@link create}. */
export interface ModuleRef {
  readonly kind: ModuleKind;
  /** As the results show it: `lmdb`, `flink:rocksdb`, `rocksdb@bloom`. */
  readonly name: string;
  /** Absolute path of the module's file. */
  readonly file: string;
  /** The options that were given, checked; the module's schema fills in the rest when it is made. */
  readonly options: Options;
}

export interface LoadedModule<T> extends ModuleRef {
  readonly description: string;
  readonly described: readonly OptionDescription[];
  /** What a workload is there for; null where a module does not say. */
  readonly gallery: Gallery | null;
  /** The server it needs and takes the `url` of, such as `redis`; null for an embedded store. */
  readonly server: string | null;
  /** Makes the thing. @throws StatebenchError `bad-value` if an option is missing, `bad-module` if what comes out is not one. */
  create(): T;
  /** The same module with one more option. @throws StatebenchError `unknown-option` or `bad-value` */
  with(option: SpecOption): LoadedModule<T>;
}

const FOLDERS: Readonly<Record<ModuleKind, string>> = { backend: 'backends', workload: 'workloads', storage: 'backends/checkpoints' };
const MAKES: Readonly<Record<ModuleKind, string>> = { backend: 'StateBackend', workload: 'Workload', storage: 'CheckpointStorage' };
const BUILT = fileURLToPath(new URL('../', import.meta.url));

/** Backends that are broken on purpose, for the proof that conformance finds them. */
const BROKEN = 'canaries.js';

/**
 * Names of the built-ins of a kind, sorted. A file is one if it lies directly in the kind's folder and exports `options`
 * and a default; contracts, conformance and tests do not. Nothing is loaded for it.
 */
export function builtIns(kind: ModuleKind, root = BUILT): readonly string[] {
  const folder = path.join(root, FOLDERS[kind]);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => /^[a-z0-9-]+\.js$/.test(file) && file !== BROKEN)
    .filter((file) => {
      const text = readFileSync(path.join(folder, file), 'utf8');
      return /^export default /m.test(text) && /^export const options\b/m.test(text);
    })
    .map((file) => file.slice(0, -'.js'.length))
    .sort();
}

/** @throws StatebenchError with a `usage` code for anything wrong with the name, the module or its options. */
export function loadBackend(spec: Spec | string): Promise<LoadedModule<StateBackend>> {
  return load<StateBackend>('backend', spec);
}

/** @throws StatebenchError as {@link loadBackend} */
export function loadWorkload(spec: Spec | string): Promise<LoadedModule<Workload>> {
  return load<Workload>('workload', spec);
}

/** @throws StatebenchError as {@link loadBackend} */
export function loadStorage(spec: Spec | string): Promise<LoadedModule<CheckpointStorage>> {
  return load<CheckpointStorage>('storage', spec);
}

/** Makes what a {@link ModuleRef} names, in any process. `T` must be what its kind makes. @throws as {@link loadBackend} */
export async function create<T extends Configured>(ref: ModuleRef): Promise<T> {
  return (await loadRef<T>(ref)).create();
}

/** Loads what a {@link ModuleRef} names again. `T` must be what its kind makes. @throws as {@link loadBackend} */
export async function loadRef<T extends Configured>({ kind, name, file, options }: ModuleRef): Promise<LoadedModule<T>> {
  return await prepared<T>(await importModule(kind, file), kind, name, file, asGiven(options));
}

function asGiven(options: Options): readonly SpecOption[] {
  return Object.entries(options).map(([key, value]) => ({ key, value }));
}

/** Only what others need to make the module again: the rest of a {@link LoadedModule} cannot leave the process. */
export function refOf({ kind, name, file, options }: ModuleRef): ModuleRef {
  return { kind, name, file, options };
}

async function load<T extends Configured>(kind: ModuleKind, given: Spec | string): Promise<LoadedModule<T>> {
  const spec = typeof given === 'string' ? parseSpec(given) : given;
  const file = spec.isPath ? fileOfPath(kind, spec.name) : fileOfBuiltIn(kind, spec.name);
  const base = spec.isPath ? path.basename(file).replace(/\.\w+$/, '') : spec.name;
  const word = bareWord(spec);
  const name = `${base}${word === null ? '' : `:${withoutPasswords(word)}`}${spec.label === null ? '' : `@${spec.label}`}`;
  return await prepared<T>(await importModule(kind, file), kind, name, file, spec.options);
}

/** Where the built-in `name` of a kind is, whether or not there is one. */
export function builtInFile(kind: ModuleKind, name: string): string {
  return path.join(BUILT, FOLDERS[kind], `${name}.js`);
}

/** Where checkpoints go if nobody says. */
export const LOCAL_STORAGE: ModuleRef = { kind: 'storage', name: 'filesystem', file: builtInFile('storage', 'filesystem'), options: {} };

function fileOfBuiltIn(kind: ModuleKind, name: string): string {
  const names = builtIns(kind);
  if (!names.includes(name)) {
    throw new StatebenchError(
      'unknown-name',
      `there is no ${kind} '${name}'.${suggestion(name, names)} A module of your own is named by its path, such as ./${name}.js`,
    );
  }
  return builtInFile(kind, name);
}

function fileOfPath(kind: ModuleKind, name: string): string {
  const file = name.startsWith('file:') ? fileOfUrl(kind, name) : path.resolve(name);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new StatebenchError('unknown-name', `${kind} '${name}': there is no file ${file}`);
  }
  return file;
}

function fileOfUrl(kind: ModuleKind, url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new StatebenchError('bad-spec', `${kind} '${url}' is not the URL of a file`, { cause });
  }
}

/** A module's exports, of which nothing is known yet. */
type Exports = Readonly<Record<string, unknown>>;

async function importModule(kind: ModuleKind, file: string): Promise<Exports> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (cause) {
    if (file.startsWith(BUILT)) {
      const name = path.basename(file, '.js');
      throw new StatebenchError(
        'unavailable',
        `${kind} '${name}' cannot be loaded here: ${messageOf(cause)}. Run npm ci again, then statebench doctor.`,
        {
          cause,
        },
      );
    }
    throw new StatebenchError('bad-module', `${kind} ${file} cannot be loaded: ${messageOf(cause)}.${remedy(cause, file)}`, { cause });
  }
}

function remedy(cause: unknown, file: string): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : '';
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return ` Install what it imports in ${path.dirname(file)} or a folder above, or keep it in the clone of statebench.`;
  }
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return ` Node ${process.versions.node} does not run it: name its .js or .mjs build.`;
  return '';
}

/** Lets a module that has to read something before it can make anything do so. @throws whatever it finds wrong */
async function prepared<T extends Configured>(
  exports: Exports,
  kind: ModuleKind,
  name: string,
  file: string,
  given: readonly SpecOption[],
): Promise<LoadedModule<T>> {
  const module = assemble<T>(exports, kind, name, file, given);
  const { prepare, options: schema } = exports;
  if (kind !== 'workload' || typeof prepare !== 'function') return module;
  const subject = `${kind} '${name}'`;
  const reader = readOptions(schema, subject);
  // Without an option that it needs nothing can be read: making it says which one.
  if (reader.described.some(({ name: option, required }) => required && !Object.hasOwn(module.options, option))) return module;
  const { pinned, material } = (await prepare(reader.resolve(module.options, subject))) as Preparation<unknown>;
  return assemble<T>(exports, kind, name, file, asGiven({ ...module.options, ...pinned }), material);
}

function assemble<T extends Configured>(
  exports: Exports,
  kind: ModuleKind,
  name: string,
  file: string,
  given: readonly SpecOption[],
  material?: unknown,
): LoadedModule<T> {
  const subject = `${kind} '${name}'`;
  const { options: schema, default: factory, description, gallery, server } = exports;
  if (typeof factory !== 'function' || schema === undefined) {
    const lacks = [
      typeof factory === 'function' ? '' : `a default function (options) => ${MAKES[kind]}`,
      schema ? '' : `'options', a zod schema`,
    ];
    throw new StatebenchError('bad-module', `${subject}: ${file} must export ${lacks.filter((part) => part !== '').join(' and ')}`);
  }
  const reader: OptionReader = readOptions(schema, subject);
  const ref: ModuleRef = { kind, name, file, options: reader.convert(given, subject) };
  return {
    ...ref,
    description: typeof description === 'string' ? description : reader.description,
    described: reader.described,
    gallery: galleryOf(gallery),
    server: typeof server === 'string' ? server : null,
    create: () => checkMade<T>(factory(reader.resolve(ref.options, subject), material), subject, file, kind),
    with: (option) => assemble<T>(exports, kind, name, file, [...given, option], material),
  };
}

/** What a stranger exports under this name need not be one. */
function galleryOf(exported: unknown): Gallery | null {
  const { job, operations, stresses, example } = (exported ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof job !== 'string' || typeof operations !== 'string' || typeof stresses !== 'string') return null;
  return { job, operations, stresses, ...(typeof example === 'string' ? { example } : {}) };
}

/** Methods that what a module makes must have, so that a wrong export is told here and not amid a trial. */
const METHODS: Readonly<Record<ModuleKind, readonly string[]>> = {
  backend: ['open', 'restore'],
  workload: ['source'],
  storage: ['open', 'view', 'destroy'],
};

function checkMade<T extends Configured>(made: unknown, subject: string, file: string, kind: ModuleKind): T {
  const thing = made as Readonly<Record<string, unknown>> | null | undefined;
  const isThing =
    typeof thing?.name === 'string' &&
    typeof thing.settings === 'object' &&
    METHODS[kind].every((method) => typeof thing[method] === 'function');
  if (isThing) return made as T;
  const needs = ['name', 'settings', ...METHODS[kind].map((method) => `${method}()`)].join(', ');
  throw new StatebenchError('bad-module', `${subject}: the default export of ${file} must return a ${MAKES[kind]} with ${needs}`);
}
