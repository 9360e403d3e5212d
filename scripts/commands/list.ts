/** `statebench list`: what can be named. */
import { Argument, Command } from 'commander';
import { EXIT, messageOf } from '../../harness/errors.ts';
import { builtIns, loadBackend, loadStorage, loadWorkload, type ModuleRef } from '../../harness/modules.ts';
import { describeProfile, PROFILES } from '../../harness/profiles.ts';
import { columns, print, printJson } from '../console.ts';
import type { Finish } from '../finish.ts';

const KINDS = ['backends', 'workloads', 'storages', 'profiles'] as const;
type Kind = (typeof KINDS)[number];

interface Listed {
  readonly kind: Kind;
  readonly name: string;
  readonly description: string;
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
      else if (kind !== undefined) print(columns(all.map((item) => [item.name, about(item)])));
      else print(columns(all.map((item) => [item.kind, item.name, about(item)])));
      finish(EXIT.ok);
    });
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
  load: (name: string) => Promise<ModuleRef & { readonly description: string }>,
): Promise<readonly Listed[]> {
  return Promise.all(
    names.map(async (name) => {
      try {
        return { kind, name, description: (await load(name)).description, unavailable: null };
      } catch (error) {
        return { kind, name, description: '', unavailable: messageOf(error) };
      }
    }),
  );
}
