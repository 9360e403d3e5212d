/** `statebench migrate`: makes a checkpoint for another backend, or for any, of one that a job left. */
import path from 'node:path';
import { Command } from 'commander';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { StateBackend } from '../../backends/contract.ts';
import { EXIT, StatebenchError } from '../../harness/errors.ts';
import { builtIns, type LoadedModule, loadBackend, loadStorage } from '../../harness/modules.ts';
import { findState, migrate } from '../../harness/portable/migrate.ts';
import { PORTABLE } from '../../harness/portable/portable-form.ts';
import { parseSpec } from '../../harness/spec.ts';
import { formatBytes } from '../../harness/units.ts';
import { say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { addressOption, startServerFor, withoutServer } from '../servers/for-backend.ts';

interface Flags {
  readonly from: string;
  readonly to: string;
  readonly sourceBackend?: string;
  readonly checkpointStorage: string;
  readonly out?: string;
}

export function migrateCommand(finish: Finish): Command {
  return new Command('migrate')
    .description('make a checkpoint for another backend of one that a job left; the job goes on from it to the same rows')
    .requiredOption('--from <checkpoints>', "a job's checkpoints directory; it is only read")
    .requiredOption('--to <backend>', `the backend to make one for, or '${PORTABLE.name}' for a form that every backend restores`)
    .option('--source-backend <spec>', 'the backend that made it, where it is a module of your own or needs other options now')
    .option('--checkpoint-storage <spec>', "where the job's checkpoints are, and the new ones go", 'filesystem')
    .option('--out <folder>', 'the new checkpoints directory; default: beside the old one, named for the backend')
    .action(async ({ from, to, sourceBackend, checkpointStorage, out }: Flags) => {
      const storage = (await loadStorage(checkpointStorage)).create();
      const target = to === PORTABLE.name ? null : await loadBackend(to);
      await using servedTarget = target && (await startServerFor(target));
      const targetBackend = servedTarget?.module.create() ?? null;
      await using found = await findState(from, storage as CheckpointStorage);
      const source = await sourceModule(found.checkpoint.backend, sourceBackend, from);
      await using servedSource = source && (await startServerFor(source));
      const folder = out ?? `${path.resolve(from)}-${target?.name.replace(/[^A-Za-z0-9._-]+/g, '-') ?? PORTABLE.name}`;
      const { tables, windows, entries, bytes, bytesWritten, seconds } = await migrate({
        found,
        source: servedSource?.module.create() ?? null,
        target: targetBackend,
        storage: storage as CheckpointStorage,
        out: folder,
      });
      const { checkpoint, position, skipped } = found;
      if (skipped > 0) say(`passed over ${skipped} newer checkpoint${skipped === 1 ? '' : 's'}, which are damaged`);
      say(
        `checkpoint ${checkpoint.id} of ${checkpoint.backend.name} after event ${position.pipeline.events}: moved ${tables} tables, ` +
          `${windows} windows, ${entries} entries (${formatBytes(bytes)} of keys and values) in ${seconds.toFixed(2)} s; ` +
          `${formatBytes(bytesWritten)} written to ${folder}`,
      );
      finish(EXIT.ok);
    });
}

/** The module that can restore what `made` did; null for the portable form. Its options are those of `made`, as far as they are options. */
async function sourceModule(
  made: Pick<StateBackend, 'name' | 'settings'>,
  given: string | undefined,
  from: string,
): Promise<LoadedModule<StateBackend> | null> {
  if (made.name === PORTABLE.name) return null;
  if (given !== undefined) {
    const module = await loadBackend(given);
    const { name } = withoutServer(module).create();
    if (name === made.name) return module;
    throw new StatebenchError(
      'bad-checkpoint',
      `the checkpoint in ${from} was made by '${made.name}', not '${name}': name that with --source-backend`,
    );
  }
  if (!builtIns('backend').includes(made.name)) {
    throw new StatebenchError(
      'unknown-name',
      `the checkpoint in ${from} was made by '${made.name}', which is no built-in backend: name its module with --source-backend`,
    );
  }
  const module = await loadBackend(parseSpec(made.name));
  // A server is looked for anew: the one of the settings may be gone, and shows no password.
  const known = new Set(module.described.map(({ name }) => name).filter((name) => name !== addressOption(module)));
  const options = Object.entries(made.settings).filter(([key]) => known.has(key));
  return options.reduce((configured, [key, value]) => configured.with({ key, value }), module);
}
