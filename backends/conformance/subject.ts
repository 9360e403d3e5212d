import type { Pending, StateBackend } from '../contract.ts';

/** Makes a fresh configured backend, as often as it is called. */
export type CreateBackend = () => Pending<StateBackend>;

/** A {@link CreateBackend} that another process can repeat, because it says which module and options it stands for. */
export interface BackendSource extends CreateBackend {
  readonly module: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a backend module exports. The schema is known by the one method used of it. */
interface BackendModule {
  readonly options: { parse(given: unknown): unknown };
  default(options: unknown): Pending<StateBackend>;
}

/**
 * The backend of a module, with options still to be checked by the module's own schema.
 * @param module URL of the module, as `import.meta.resolve('./mine.js')` gives it.
 * @param options must survive JSON: a child process makes the same backend from them.
 * @returns a function that rejects with a TypeError if the module is not a backend's.
 */
export function backendFrom(module: string | URL, options: Readonly<Record<string, unknown>> = {}): BackendSource {
  const address = String(module);
  const create = async () => {
    const exports: Partial<BackendModule> = await import(address);
    if (typeof exports.default !== 'function' || typeof exports.options?.parse !== 'function') {
      throw new TypeError(
        `${address} is no backend: export a zod schema as 'options' and, by default, a function from options to a backend`,
      );
    }
    return exports.default(exports.options.parse(options));
  };
  return Object.assign(create, { module: address, options });
}

/** True if a child process can make this backend too. */
export function isBackendSource(create: CreateBackend): create is BackendSource {
  return 'module' in create && 'options' in create;
}
