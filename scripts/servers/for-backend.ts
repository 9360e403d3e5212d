/** Gives a backend the server it needs: the one its options name, or one started here for as long as it is used. */
import { tmpdir } from 'node:os';
import type { StateBackend } from '../../backends/contract.ts';
import { StatebenchError } from '../../harness/errors.ts';
import type { LoadedModule } from '../../harness/modules.ts';
import { makeScratch, removeScratch, sweepScratch } from '../../harness/scratch.ts';
import { startRedis } from './redis.ts';
import type { ServerRequest, ServerStart } from './server.ts';

const STARTERS: Readonly<Record<string, (request: ServerRequest) => Promise<ServerStart>>> = { redis: startRedis };

/** Where nothing listens: a backend can be made with it, to ask for its settings, but not opened. */
const NOWHERE: Readonly<Record<string, string>> = { redis: 'redis://127.0.0.1:1' };

export type BackendModule = LoadedModule<StateBackend>;

/** A backend that can be opened, and a server that is stopped with it if one was started. */
export interface ServedBackend extends AsyncDisposable {
  readonly backend: BackendModule;
}

/** True if `backend` needs a server and was not told which. */
export function needsServer({ server, options }: Pick<BackendModule, 'server' | 'options'>): boolean {
  return server !== null && !Object.hasOwn(options, 'url');
}

/** `backend` with the URL of a server that is not there if it needs one: to be asked for its settings, not opened. */
export function withoutServer<T>(backend: LoadedModule<T>): LoadedModule<T> {
  return needsServer(backend) ? backend.with({ key: 'url', value: NOWHERE[backend.server!] ?? 'tcp://127.0.0.1:1' }) : backend;
}

/**
 * Starts a server of the backend's own if it needs one and names none; the server is as durable as the backend says it is.
 * @param parent folder in which the server gets a directory of its own.
 * @throws StatebenchError `unavailable` with the reason and the remedy if it cannot be started.
 */
export async function startServerFor(backend: BackendModule, parent = tmpdir()): Promise<ServedBackend> {
  if (!needsServer(backend)) return { backend, [Symbol.asyncDispose]: async () => undefined };
  const server = backend.server!;
  const start = Object.hasOwn(STARTERS, server) ? STARTERS[server] : undefined;
  if (start === undefined) {
    throw new StatebenchError('unavailable', `backend '${backend.name}' needs a ${server} server, which is not started here: give url=…`);
  }
  const { durability } = withoutServer(backend).create();
  sweepScratch(parent);
  const directory = makeScratch(parent, server);
  const started = await start({ directory, durability });
  if (started.state === 'unavailable') {
    removeScratch(directory);
    throw new StatebenchError('unavailable', `backend '${backend.name}': ${started.reason}. ${started.remedy}`);
  }
  return {
    backend: backend.with({ key: 'url', value: started.server.url }),
    async [Symbol.asyncDispose]() {
      await started.server.stop();
      removeScratch(directory);
    },
  };
}
