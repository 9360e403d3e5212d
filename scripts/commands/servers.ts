/** `statebench servers`: the servers of the stores that are not embedded, fetched once, and kept running if wanted. */
import { Command, Option } from 'commander';
import { EXIT, messageOf, StatebenchError, suggestion } from '../../harness/errors.ts';
import { findOnPath } from '../../harness/on-path.ts';
import { formatBytes } from '../../harness/units.ts';
import { columns, printJson, say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { JAVA_SERVER_NAMES, JAVA_SERVERS, type JavaServerName } from '../servers/artifacts.ts';
import { type Installation, installationOf } from '../servers/cache.ts';
import { installServer } from '../servers/install.ts';
import { type KeptServer, keptServer, startKept, stopKept } from '../servers/kept-servers.ts';
import type { ServerRequest } from '../servers/server.ts';
import { SERVER_KINDS, SERVER_NAMES, type ServerName } from '../servers/server-kinds.ts';

const DURABILITIES = ['volatile', 'process-crash', 'os-crash'] as const satisfies readonly ServerRequest['durability'][];

interface Status {
  readonly server: ServerName;
  /** Of the version that is used here; null for Redis, which the system has or has not. */
  readonly version: string | null;
  readonly installed: boolean;
  /** Of a server in the cache its folder, of Redis the command; null if there is none. */
  readonly where: string | null;
  readonly bytes: number | null;
  /** Why what is there cannot be used; null if it can, or if nothing is there. */
  readonly problem: string | null;
  /** What `servers start` started and `servers stop` stops. */
  readonly running: RunningStatus | null;
}

interface RunningStatus {
  readonly pid: number;
  readonly pids: readonly number[];
  readonly url: string;
  readonly durability: ServerRequest['durability'];
  readonly directory: string;
  readonly startedAt: string;
  /** The flag of other commands that uses it, with the password if there is one. */
  readonly use: string;
}

export function serversCommand(finish: Finish): Command {
  const servers = new Command('servers').description('the servers of stores that are not embedded: fetched once, started for a run');
  servers
    .command('install')
    .description('fetch Cassandra, HBase, HDFS or Flink into the cache, by Maven (Flink: by pip too); all of them if none is named')
    .argument('[names...]', JAVA_SERVER_NAMES.join(', '))
    .action(async (names: readonly string[]) => {
      for (const name of named(names)) await install(name);
      finish(EXIT.ok);
    });
  servers
    .command('start')
    .description('start servers that stay up after this command, until they are stopped; all that are installed if none is named')
    .argument('[names...]', SERVER_NAMES.join(', '))
    .addOption(new Option('--durability <class>', 'what they keep by themselves').choices(DURABILITIES).default('volatile'))
    .action(async (names: readonly string[], { durability }: { durability: ServerRequest['durability'] }) => {
      for (const name of named(names)) await start(name, durability, names.length > 0);
      finish(EXIT.ok);
    });
  servers
    .command('stop')
    .description("stop what 'servers start' started, and remove its data; all of it if none is named")
    .argument('[names...]', SERVER_NAMES.join(', '))
    .action(async (names: readonly string[]) => {
      let stopped = 0;
      for (const name of named(names)) {
        if (await stopKept(name)) {
          stopped++;
          say(`${name} is stopped`);
        } else if (names.length > 0) say(`${name} does not run here: nothing to stop`);
      }
      if (stopped === 0 && names.length === 0) say('no server runs here: nothing to stop');
      finish(EXIT.ok);
    });
  servers
    .command('status')
    .description("what is installed, and what 'servers start' keeps running")
    .argument('[names...]', SERVER_NAMES.join(', '))
    .option('--json', 'one JSON document on stdout')
    .action((names: readonly string[], { json }: { json?: boolean }) => {
      const found = named(names).map(statusOf);
      if (json) printJson(found);
      else say(statusText(found));
      finish(EXIT.ok);
    });
  return servers;
}

/** All if none is named. @throws StatebenchError `unknown-name` */
function named(names: readonly string[]): readonly ServerName[] {
  if (names.length === 0) return SERVER_NAMES;
  return names.map((name) => {
    const found = SERVER_NAMES.find((one) => one === name);
    if (found === undefined)
      throw new StatebenchError('unknown-name', `there is no server '${name}' here.${suggestion(name, SERVER_NAMES)}`);
    return found;
  });
}

function inCache(name: ServerName): name is JavaServerName {
  return Object.hasOwn(JAVA_SERVERS, name);
}

async function install(name: ServerName): Promise<void> {
  if (!inCache(name)) {
    const command = findOnPath('redis-server');
    say(command === undefined ? 'redis is installed by the system: apt-get install redis-server' : `redis is there: ${command}`);
    return;
  }
  const title = `${name} ${JAVA_SERVERS[name].version}`;
  const { folder, files, bytes } = await installServer(name, () => say(`${title}: fetching it, which may take some minutes`));
  say(`${title} is installed: ${files.length} files, ${formatBytes(bytes)}, in ${folder}`);
}

/** @throws StatebenchError `unavailable` if it was asked for by name */
async function start(name: ServerName, durability: ServerRequest['durability'], byName: boolean): Promise<void> {
  try {
    const { kept, isNew } = await startKept(name, durability);
    const how = isNew ? `runs until 'statebench servers stop ${name}'` : `runs already, ${kept.durability}, since ${kept.startedAt}`;
    say(`${name} ${how}; use it with ${useOf(kept)}`);
  } catch (error) {
    if (byName || !(error instanceof StatebenchError) || error.code !== 'unavailable') throw error;
    say(messageOf(error));
  }
}

function useOf({ server, url }: KeptServer): string {
  const { flag, option } = SERVER_KINDS[server];
  return `${flag} ${server}:${option}=${url}`;
}

function statusOf(server: ServerName): Status {
  const kept = keptServer(server);
  const running = kept && {
    pid: kept.pids[0]!,
    pids: kept.pids,
    url: kept.url,
    durability: kept.durability,
    directory: kept.directory,
    startedAt: kept.startedAt,
    use: useOf(kept),
  };
  if (!inCache(server)) {
    const where = findOnPath('redis-server') ?? null;
    return { server, version: null, installed: where !== null, where, bytes: null, problem: null, running };
  }
  const installation = installationOf(server);
  return { server, version: JAVA_SERVERS[server].version, ...installed(installation), running };
}

function installed(installation: Installation): Pick<Status, 'installed' | 'where' | 'bytes' | 'problem'> {
  const { state, folder } = installation;
  return {
    installed: state === 'whole',
    where: state === 'missing' ? null : folder,
    bytes: state === 'whole' ? installation.bytes : null,
    problem: state === 'damaged' ? installation.problem : null,
  };
}

function statusText(found: readonly Status[]): string {
  const rows = found.map((status) => [`${status.server} ${status.version ?? ''}`.trimEnd(), installationText(status)]);
  const uses = found.flatMap(({ server, running }) =>
    running === null ? [] : [`${server} runs as process ${running.pids.join(' and ')}, ${running.durability}; use it with ${running.use}`],
  );
  return [columns(rows), ...(uses.length > 0 ? uses : ["none runs that 'servers start' started"])].join('\n');
}

function installationText({ server, version, where, bytes, problem }: Status): string {
  const remedy = version === null ? 'apt-get install redis-server' : `npx statebench servers install ${server}`;
  if (where === null) return `not installed: ${remedy}`;
  if (problem !== null) return `damaged, ${problem}: ${remedy}`;
  return `installed, ${where}${bytes === null ? '' : `, ${formatBytes(bytes)}`}`;
}
