/** `statebench list`: what can be named. */
import { Argument, Command } from 'commander';
import { EXIT, messageOf } from '../../harness/errors.ts';
import { builtIns, type Configured, type LoadedModule, loadBackend, loadStorage, loadWorkload } from '../../harness/modules.ts';
import { describeProfile, PROFILES } from '../../harness/profiles.ts';
import { columns, print, printJson, wrapped } from '../console.ts';
import type { Finish } from '../finish.ts';

const KINDS = ['backends', 'workloads', 'storages', 'profiles'] as const;
type Kind = (typeof KINDS)[number];

interface Listed {
  readonly kind: Kind;
  readonly name: string;
  readonly description: string;
  /** What a workload is there for; null for anything else, and where it does not say. */
  readonly gallery: LoadedModule<Configured>['gallery'];
  /** Why it cannot be loaded here; null if it can. */
  readonly unavailable: string | null;
}

export function listCommand(finish: Finish): Command {
  return new Command('list')
    .description('names of what there is')
    .addArgument(new Argument('[kind]', 'only these').choices(KINDS))
    .option('--json', 'one JSON document on stdout')
    .action(async (kind: Kind | undefined, { json }: { json?: boolean }) => {
      const lists = await Promise.all((kind === undefined ? KINDS : [kind]).map(list));
      const all = lists.flat();
      if (json) printJson(all);
      else if (kind === 'workloads') print(all.map(inFull).join('\n\n'));
      else if (kind !== undefined) print(aligned(all, ({ name }) => [name]));
      else print(aligned(all, (item) => [item.kind, item.name]));
      finish(EXIT.ok);
    });
}

/** A line an item, or several where what is said of it is long. */
function aligned(all: readonly Listed[], namesOf: (item: Listed) => readonly string[]): string {
  const indent = columns(all.map((item) => [...namesOf(item), '|'])).indexOf('|');
  return columns(all.map((item) => [...namesOf(item), wrapped(about(item), indent)]));
}

/** A workload with what it is there for. */
function inFull(item: Listed): string {
  const { name, gallery } = item;
  const lines = [name, `  ${wrapped(about(item), 2)}`];
  for (const [what, words] of Object.entries(gallery ?? {})) lines.push(`  ${`${what}:`.padEnd(12)}${wrapped(words, 14)}`);
  return lines.join('\n');
}

function about({ description, unavailable }: Listed): string {
  return unavailable === null ? description : `not available here: ${unavailable}`;
}

async function list(kind: Kind): Promise<readonly Listed[]> {
  switch (kind) {
    case 'profiles':
      return Object.values(PROFILES).map((profile) => ({
        kind,
        name: profile.name,
        description: describeProfile(profile),
        gallery: null,
        unavailable: null,
      }));
    case 'backends':
      return await describeAll(kind, builtIns('backend'), loadBackend);
    case 'workloads':
      return await describeAll(kind, builtIns('workload'), loadWorkload);
    case 'storages':
      return await describeAll(kind, builtIns('storage'), loadStorage);
  }
}

function describeAll(
  kind: Kind,
  names: readonly string[],
  load: (name: string) => Promise<LoadedModule<Configured>>,
): Promise<readonly Listed[]> {
  return Promise.all(
    names.map(async (name) => {
      try {
        const { description, gallery } = await load(name);
        return { kind, name, description, gallery, unavailable: null };
      } catch (error) {
        return { kind, name, description: '', gallery: null, unavailable: messageOf(error) };
      }
    }),
  );
}
