/** For tests that need a server: they run where it can be started, say why where not, and fail if that is CI. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningServer, ServerStart } from './server.ts';

/** The part of AVA's `test` that is used. */
interface Test {
  (title: string, body: (t: { fail(message: string): unknown }) => void): void;
  readonly skip: (title: string, body: (t: { fail(message: string): unknown }) => void) => void;
  readonly after: { readonly always: (title: string, body: () => Promise<void>) => void };
}

/**
 * Starts a server for one test file, in a temporary directory, and stops it and removes the directory afterwards.
 * Where it cannot be started, registers one test whose title says why: skipped, but failing if the environment has `CI`;
 * the caller then registers none of its own. To be called before the file declares anything, as AVA takes no declarations later,
 * and therefore once: {@link requiredServers} starts several.
 *
 *     const redis = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));
 *     if (redis !== undefined) test('…', …);
 */
export async function requiredServer(test: Test, start: (directory: string) => Promise<ServerStart>): Promise<RunningServer | undefined> {
  return (await requiredServers(test, { server: start })).server;
}

/** {@link requiredServer} for several: those that could be started, by name. One after another, as they would share the processors. */
export async function requiredServers<Name extends string>(
  test: Test,
  starts: Readonly<Record<Name, (directory: string) => Promise<ServerStart>>>,
): Promise<Readonly<Partial<Record<Name, RunningServer>>>> {
  const made: { readonly name: string; readonly directory: string; readonly started: ServerStart }[] = [];
  for (const [name, start] of Object.entries<(directory: string) => Promise<ServerStart>>(starts)) {
    const directory = mkdtempSync(join(tmpdir(), 'statebench-server-'));
    made.push({ name, directory, started: await start(directory) });
  }
  const running: Record<string, RunningServer> = {};
  for (const { name, directory, started } of made) {
    if (started.state === 'running') {
      test.after.always(`stop the ${name}`, async () => {
        await started.server.stop();
        rmSync(directory, { recursive: true, force: true });
      });
      running[name] = started.server;
      continue;
    }
    rmSync(directory, { recursive: true, force: true });
    const why = `not tested: ${started.reason}. ${started.remedy}`;
    const register = process.env.CI ? test : test.skip;
    register(why, (t) => {
      t.fail(`${why} On CI every server has to be there.`);
    });
  }
  return running as Partial<Record<Name, RunningServer>>;
}
