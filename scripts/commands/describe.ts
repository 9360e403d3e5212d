/** `statebench describe`: one module or profile, with its options and what is in force by default. */
import { Command } from 'commander';
import { EXIT, messageOf, StatebenchError, suggestion } from '../../harness/errors.ts';
import {
  builtIns,
  type Configured,
  type LoadedModule,
  loadBackend,
  loadStorage,
  loadWorkload,
  type ModuleKind,
} from '../../harness/modules.ts';
import type { OptionDescription } from '../../harness/options.ts';
import { describeProfile, PROFILE_NAMES, PROFILES, type ProfileName } from '../../harness/profiles.ts';
import { parseSpec } from '../../harness/spec.ts';
import { columns, printJson, say, wrapped } from '../console.ts';
import type { Finish } from '../finish.ts';
import { addressOption, withoutServer } from '../servers/for-backend.ts';

interface Description {
  readonly kind: ModuleKind | 'profile';
  readonly name: string;
  readonly description: string;
  /** What a workload is there for; null for anything else, and where it does not say. */
  readonly gallery: LoadedModule<Configured>['gallery'];
  readonly options: readonly OptionDescription[];
  /** What is in force with the options given; null where it cannot be made without an option that has no default. */
  readonly settings: Configured['settings'] | null;
  /** What of the working state survives without a checkpoint; null for anything but a backend. */
  readonly durability: string | null;
  readonly server: string | null;
  /** The option that names the server; null where none is needed. */
  readonly serverOption: string | null;
}

const LOADERS: readonly (readonly [ModuleKind, (spec: string) => Promise<LoadedModule<Configured>>])[] = [
  ['backend', loadBackend],
  ['workload', loadWorkload],
  ['storage', loadStorage],
];

export function describeCommand(finish: Finish): Command {
  return new Command('describe')
    .description('options, settings and durability of a backend, workload, storage or profile')
    .argument('<name>', 'a built-in, with options if you like, or the path of a backend')
    .option('--json', 'one JSON document on stdout')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const found = await describe(name);
      if (json) printJson(found.length === 1 ? found[0] : found);
      else for (const description of found) say(text(description));
      finish(EXIT.ok);
    });
}

/** Everything of that name: a backend and a workload may share one. */
async function describe(name: string): Promise<readonly Description[]> {
  if (Object.hasOwn(PROFILES, name)) return [profile(name as ProfileName)];
  const spec = parseSpec(name);
  const kinds = spec.isPath ? LOADERS.slice(0, 1) : LOADERS.filter(([kind]) => builtIns(kind).includes(spec.name));
  if (kinds.length === 0) {
    const names = [...LOADERS.flatMap(([kind]) => builtIns(kind)), ...PROFILE_NAMES];
    throw new StatebenchError('unknown-name', `there is nothing named '${spec.name}'.${suggestion(spec.name, names)}`);
  }
  return await Promise.all(kinds.map(async ([kind, load]) => describeModule(kind, await load(name))));
}

function profile(name: ProfileName): Description {
  const { name: _, sequential, ...settings } = PROFILES[name];
  const shown = {
    ...settings,
    smallestEffect: settings.smallestEffect ?? 'none',
    ...(sequential && { ...sequential, looks: sequential.looks.join(', '), timeLimitSeconds: sequential.timeLimitSeconds ?? 'none' }),
  };
  return {
    kind: 'profile',
    name,
    description: describeProfile(PROFILES[name]),
    gallery: null,
    options: [],
    settings: shown,
    durability: null,
    server: null,
    serverOption: null,
  };
}

function describeModule(kind: ModuleKind, module: LoadedModule<Configured>): Description {
  const { name, description, gallery, described: options, server } = module;
  let made: Configured | null = null;
  try {
    made = withoutServer(module).create();
  } catch (error) {
    say(`${name} cannot be made with these options: ${messageOf(error)}`);
  }
  const durability = made !== null && 'durability' in made ? String(made.durability) : null;
  const serverOption = addressOption(module);
  return { kind, name, description, gallery, options, settings: made?.settings ?? null, durability, server, serverOption };
}

function text({ kind, name, description, gallery, options, settings, durability, server, serverOption }: Description): string {
  const parts = [wrapped(`${kind} ${name}${description === '' ? '' : `: ${description}`}`, 0)];
  for (const [what, words] of Object.entries(gallery ?? {})) parts.push(`${`${what}:`.padEnd(12)}${wrapped(words, 12)}`);
  if (durability !== null) parts.push(`durability: ${durability}`);
  if (server !== null) parts.push(`needs a ${server} server: named by ${serverOption}=…, or started for the run if it is installed`);
  if (options.length > 0) {
    const named = columns(
      options.map(({ name: option, default: given, required }) => {
        return [`  ${option}`, given !== null ? `default ${given === '' ? 'none' : given}` : required ? 'needed' : '', '|'];
      }),
    ).split('\n');
    // What an option is for goes on a line of its own: what it takes may be long.
    const lines = named.map((line, i) => {
      const { takes, description: purpose } = options[i]!;
      return `${line.slice(0, -1)}${wrapped(takes, line.length - 1)}\n      ${wrapped(purpose, 6)}`;
    });
    parts.push(`options:\n${lines.join('\n')}`);
  } else if (kind !== 'profile') parts.push('options: none');
  if (settings !== null && Object.keys(settings).length > 0) {
    parts.push(`in force:\n${columns(Object.entries(settings).map(([key, value]) => [`  ${key}`, String(value)]))}`);
  }
  return `${parts.join('\n')}\n`;
}
