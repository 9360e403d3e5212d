import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { messageOf } from '../../harness/errors.ts';
import { type PresetDigests, problemIn } from './preset-digests.ts';

/** Major versions of Node that must agree; other than the one that runs, they come from the package registry. */
const VERSIONS: readonly number[] = [20, 22, 24];
const PROGRAM = fileURLToPath(new URL('print-digests.js', import.meta.url));
const INSTALL_TIMEOUT_MS = 180_000;

const run = promisify(execFile);

interface PrintedDigests extends PresetDigests {
  readonly preset: string;
}

/**
 * Runs every preset on several versions of Node, on the memory backend, and compares events, the oracle's rows and the pipeline's, alone and
 * divided, with those of the engine that runs. Says of each version what came out, and which could not be had.
 * @returns whether all that could be had agree
 */
export async function compareEngines(print: (line: string) => void, signal: AbortSignal): Promise<boolean> {
  const scratch = await mkdtemp(join(tmpdir(), 'statebench-engines-'));
  try {
    const own = await digestsBy(process.execPath, signal);
    let agree = report(print, `Node ${process.versions.node}, which runs`, problemsAmong(own, own), own.length);
    const running = Number(process.versions.node.split('.')[0]);
    for (const version of VERSIONS.filter((each) => each !== running)) {
      const node = await installed(version, scratch, signal);
      if ('reason' in node) {
        print(`engines: Node ${version} could not be had and is not compared: ${node.reason}`);
        continue;
      }
      const digests = await digestsBy(node.path, signal);
      agree = report(print, `Node ${node.version}`, problemsAmong(digests, own), own.length) && agree;
    }
    return agree;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What differs from `right`, or is wrong by itself. */
function problemsAmong(digests: readonly PrintedDigests[], right: readonly PrintedDigests[]): readonly string[] {
  return right.flatMap((expected, index) => {
    const got = digests[index];
    if (got?.preset !== expected.preset) return [`${expected.preset}: no digests came`];
    const own = problemIn(got);
    if (own !== null) return [`${got.preset}: ${own}`];
    return (['events', 'oracle'] as const).flatMap((what) =>
      got[what] === expected[what] ? [] : [`${got.preset}: ${what} ${got[what]}, not ${expected[what]}`],
    );
  });
}

function report(print: (line: string) => void, engine: string, problems: readonly string[], presets: number): boolean {
  for (const problem of problems) print(`engines: ${engine}: ${problem}`);
  const wrong = new Set(problems.map((problem) => problem.split(': ')[0])).size;
  print(`engines: ${engine}: ${presets - wrong}/${presets} presets as on Node ${process.versions.node}, alone and divided`);
  return problems.length === 0;
}

async function digestsBy(node: string, signal: AbortSignal): Promise<PrintedDigests[]> {
  const { stdout } = await run(node, [PROGRAM], { signal, maxBuffer: 2 ** 24 });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PrintedDigests);
}

type Installed = { readonly path: string; readonly version: string } | { readonly reason: string };

/** Installs Node into a folder of its own, from the package `node`. */
async function installed(major: number, scratch: string, signal: AbortSignal): Promise<Installed> {
  const prefix = join(scratch, `node-${major}`);
  try {
    await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', prefix, `node@${major}`], {
      signal,
      timeout: INSTALL_TIMEOUT_MS,
    });
    const platform = `node-${process.platform}-${process.arch}`;
    const candidates = ['node', join('node', 'node_modules', platform), platform].map((name) =>
      join(prefix, 'node_modules', name, 'bin', 'node'),
    );
    const path = candidates.find((candidate) => existsSync(candidate));
    if (path === undefined) return { reason: `the package node@${major} has no program for ${process.platform}-${process.arch}` };
    const { stdout } = await run(path, ['--version'], { signal });
    return { path, version: stdout.trim().slice(1) };
  } catch (error) {
    if (signal.aborted) throw error;
    return { reason: messageOf(error).split('\n')[0]! };
  }
}
