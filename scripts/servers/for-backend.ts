/**
 * Gives a backend or a checkpoint storage the server it needs: the one its options name, or one started here for as long as it
 * is used. A module says by its export `server` which kind it needs; `server-kinds.ts` tells the option that takes the address.
 */
import { tmpdir } from 'node:os';
import { StatebenchError } from '../../harness/errors.ts';
import type { Configured, LoadedModule } from '../../harness/modules.ts';
import { makeScratch, removeScratch, sweepScratch } from '../../harness/scratch.ts';
import type { ServerRequest } from './server.ts';
import { SERVER_KINDS, type ServerKind, type ServerName } from './server-kinds.ts';

/** A module that can be opened, and a server that is stopped with it if one was started. */
export interface Served<Made extends Configured> extends AsyncDisposable {
  readonly module: LoadedModule<Made>;
}

/** The option by which a module takes the address of its server; null for a module that needs none. */
export function addressOption({ server }: Pick<LoadedModule<Configured>, 'server'>): string | null {
  // A server of somebody's own module is not known here; most addresses are URLs.
  return server === null ? null : (kindOf(server)?.option ?? 'url');
}

/** True if `module` needs a server and was not told which. */
export function needsServer(module: Pick<LoadedModule<Configured>, 'server' | 'options'>): boolean {
  const option = addressOption(module);
  return option !== null && !Object.hasOwn(module.options, option);
}

/** What the servers take in memory that are started for these modules, before they are. @param parts the most processes of a job */
export function serversBytes(modules: readonly LoadedModule<Configured>[], parts: number): number {
  const kinds = modules.filter(needsServer).flatMap((module) => kindOf(module.server!) ?? []);
  const started = kinds.filter((kind, i) => !(kind.shared && kinds.indexOf(kind) < i));
  return started.reduce((sum, { memoryBytes, memoryBytesPerPart }) => sum + memoryBytes + (parts - 1) * memoryBytesPerPart, 0);
}

/** `module` with the address of a server that is not there if it needs one: to be asked for its settings, not opened. */
export function withoutServer<Made extends Configured>(module: LoadedModule<Made>): LoadedModule<Made> {
  if (!needsServer(module)) return module;
  return module.with({ key: addressOption(module), value: kindOf(module.server!)?.nowhere ?? 'tcp://127.0.0.1:1' });
}

/**
 * Starts a server of the module's own if it needs one and names none; the server is as durable as a backend says it is, and keeps
 * what a checkpoint storage puts there when it is killed.
 * @param parent folder in which the server gets a directory of its own.
 * @throws StatebenchError `unavailable` with the reason and the remedy if it cannot be started.
 */
export async function startServerFor<Made extends Configured>(module: LoadedModule<Made>, parent = tmpdir()): Promise<Served<Made>> {
  if (!needsServer(module)) return { module, [Symbol.asyncDispose]: async () => undefined };
  const { name, server } = module;
  const subject = `${module.kind} '${name}'`;
  const option = addressOption(module)!;
  const kind = kindOf(server!);
  if (kind === undefined)
    throw new StatebenchError('unavailable', `${subject} needs ${server}, which is not started here: give ${option}=…`);
  const durability = durabilityOf(module);
  sweepScratch(parent);
  const directory = makeScratch(parent, server!);
  const started = await kind.start({ directory, durability });
  if (started.state === 'unavailable') {
    removeScratch(directory);
    throw new StatebenchError('unavailable', `${subject}: ${started.reason}. ${started.remedy}`);
  }
  return {
    module: module.with({ key: option, value: started.server.url }),
    async [Symbol.asyncDispose]() {
      await started.server.stop();
      removeScratch(directory);
    },
  };
}

/** Whether one server does for all modules of a run that need one of this kind. */
export function isShared({ server }: Pick<LoadedModule<Configured>, 'server'>): boolean {
  return server !== null && kindOf(server)?.shared === true;
}

/** `module` with the server that was started for another, which stops it. */
export function sharing<Made extends Configured>({ module: other }: Served<Made>, module: LoadedModule<Made>): Served<Made> {
  const option = addressOption(module)!;
  return { module: module.with({ key: option, value: other.options[option]! }), [Symbol.asyncDispose]: async () => undefined };
}

function kindOf(server: string): ServerKind | undefined {
  return Object.hasOwn(SERVER_KINDS, server) ? SERVER_KINDS[server as ServerName] : undefined;
}

/** A storage has nothing to say of it: what is in it has to last. */
function durabilityOf(module: LoadedModule<Configured>): ServerRequest['durability'] {
  if (module.kind === 'storage') return 'process-crash';
  const made = withoutServer(module).create();
  const said = 'durability' in made ? made.durability : null;
  return said === 'volatile' || said === 'process-crash' || said === 'os-crash' ? said : 'process-crash';
}
