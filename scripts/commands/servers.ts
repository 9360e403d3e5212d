/** `statebench servers`: the servers of the stores that are not embedded, fetched once. */
import { Command } from 'commander';
import { EXIT, StatebenchError, suggestion } from '../../harness/errors.ts';
import { formatBytes } from '../../harness/units.ts';
import { say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { JAVA_SERVER_NAMES, JAVA_SERVERS, type JavaServerName } from '../servers/artifacts.ts';
import { installServer } from '../servers/install.ts';

export function serversCommand(finish: Finish): Command {
  const servers = new Command('servers').description('the servers of stores that are not embedded: fetched once, started for a run');
  servers
    .command('install')
    .description('fetch Cassandra, HBase or HDFS into the cache; all of them if none is named')
    .argument('[names...]', JAVA_SERVER_NAMES.join(', '))
    .action(async (names: readonly string[]) => {
      for (const name of named(names, JAVA_SERVER_NAMES)) await install(name);
      finish(EXIT.ok);
    });
  return servers;
}

async function install(name: JavaServerName): Promise<void> {
  const title = `${name} ${JAVA_SERVERS[name].version}`;
  const { folder, files, bytes } = await installServer(name, () => say(`${title}: fetching it by Maven, which may take some minutes`));
  say(`${title} is installed: ${files.length} files, ${formatBytes(bytes)}, in ${folder}`);
}

/** All of `known` if none is named. @throws StatebenchError `unknown-name` */
function named<Name extends string>(names: readonly string[], known: readonly Name[]): readonly Name[] {
  if (names.length === 0) return known;
  return names.map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new StatebenchError('unknown-name', `there is no server '${name}' here.${suggestion(name, known)}`);
    return found;
  });
}
