/**
 * Starts a server that is made of one or more Java processes, each guarded: free ports, configuration, processes, readiness, and
 * once more where another process took a port meanwhile.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findJava } from '../../harness/java.ts';
import { JAVA_SERVERS, type JavaServerName } from './artifacts.ts';
import { installationOf } from './cache.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';
import { freePorts } from './ports.ts';
import type { RunningServer, ServerRequest, ServerStart } from './server.ts';
import { endOfLog, rootCause, tellsOfTakenPort } from './server-log.ts';

/** Three times what the slowest start took on a busy machine of two cores. */
const READY_MS = 150_000;
const POLL_MS = 50;
const PORT_ATTEMPTS = 3;
/** A process that is to be there at all times is given up when this many, one after the other, have not lived so long. */
const SHORT_LIVES_MAX = 5;
const SHORT_LIFE_MS = 5_000;
const PORTS = 'ports.json';
/**
 * With less room than that a server ends while it starts, in words that name something else, or comes up and takes nothing: Cassandra
 * begins with two segments of its log, and a NameNode keeps 100 MiB free.
 */
const ROOM_BYTES_MIN = 256 * 2 ** 20;
/** Its logs go with its directory, so that the reason has to say what they did. */
const TRY_AGAIN = 'See whether memory, disk and processors suffice for it and try again, or name a server of your own.';

export interface JavaProcess {
  /** Also the name of its log, `NAME.log`. */
  readonly name: string;
  /** For the virtual machine. */
  readonly flags: readonly string[];
  readonly main: string;
  readonly args?: readonly string[];
  /** Jars behind the server's own on the class path. */
  readonly jars?: readonly string[];
  /** How long it may take to end by itself when asked, where it has something to keep. */
  readonly graceMs: number;
  /** Added to the environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process that may be killed: another takes its place. */
export interface KeptProcess {
  /** Asked for every process, as each has a name of its own. */
  readonly make: () => JavaProcess;
  readonly started: (name: string, pid: number) => void;
  readonly ended: (name: string) => void;
}

/** What a server's recipe works with. Everything it writes lies in `home`. */
export interface JavaSession<Port extends string> {
  /** Folder of this server, with `conf` in it, which is first on the class path, and `tmp`. */
  readonly home: string;
  /** Folder of its jars, and their names. */
  readonly lib: string;
  readonly files: readonly string[];
  readonly durability: ServerRequest['durability'];
  readonly ports: Readonly<Record<Port, number>>;
  /** Writes a file below `conf`. */
  configure(file: string, text: string): void;
  /** Runs a process until the server is stopped. */
  run(process: JavaProcess): Promise<void>;
  /** Runs a process, and another whenever it has ended, until the server is stopped: the server's life does not hang on it. */
  keep(process: KeptProcess): Promise<void>;
  /** Runs a process that ends by itself. @throws NotReady if it does not end with 0 */
  finish(process: JavaProcess): Promise<void>;
  /** Waits until `condition` holds. @throws NotReady once a process has ended or the time is up */
  until(condition: () => Promise<boolean>): Promise<void>;
}

export interface JavaServerRecipe<Port extends string> {
  readonly name: JavaServerName;
  readonly ports: readonly Port[];
  /** Starts everything, waits until it answers. @returns what the option takes that names the server */
  start(session: JavaSession<Port>): Promise<string>;
}

/** A server that did not come up; the message is the rest of a sentence that begins with its name. */
class NotReady extends Error {
  override readonly name = 'NotReady';
}

/**
 * Starts a server in a folder of its own below the request's directory. Started again in the same directory, after it was
 * stopped or killed, it is found at the same ports with what it kept.
 */
export async function startJavaServer<Port extends string>(recipe: JavaServerRecipe<Port>, request: ServerRequest): Promise<ServerStart> {
  const { name } = recipe;
  const title = `${name} ${JAVA_SERVERS[name].version}`;
  const remedy = `Run: npx statebench servers install ${name}`;
  const installation = installationOf(name);
  if (installation.state === 'missing') return { state: 'unavailable', reason: `${title} is not installed`, remedy };
  if (installation.state === 'damaged') {
    return { state: 'unavailable', reason: `${title} in ${installation.folder} cannot be used: ${installation.problem}`, remedy };
  }
  const java = await findJava();
  if (java.state === 'unavailable') return { ...java, reason: `${title} needs Java: ${java.reason}` };
  const { bavail, bsize } = statfsSync(request.directory);
  if (bavail * bsize < ROOM_BYTES_MIN) {
    const mib = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;
    const reason = `the disk of ${request.directory} has ${mib(bavail * bsize)} left, and ${title} needs ${mib(ROOM_BYTES_MIN)} to begin with`;
    return { state: 'unavailable', reason, remedy: 'Make room there, or have TMPDIR name a folder of another disk.' };
  }
  const home = path.join(request.directory, name);
  const again = existsSync(path.join(home, PORTS));
  for (let attempt = 1; ; attempt++) {
    const made = new JavaServer(recipe, home, java.command, installation, request.durability);
    try {
      return { state: 'running', server: await made.start() };
    } catch (error) {
      await made.stop();
      if (!(error instanceof NotReady)) throw error;
      if (!made.foundPortTaken() || again || attempt === PORT_ATTEMPTS) {
        return { state: 'unavailable', reason: `${title} ${error.message}`, remedy: TRY_AGAIN };
      }
      // Some servers write their ports into their data.
      rmSync(home, { recursive: true, force: true });
    }
  }
}

class JavaServer<Port extends string> {
  readonly #recipe: JavaServerRecipe<Port>;
  readonly #home: string;
  readonly #java: string;
  readonly #installation: { readonly lib: string; readonly files: readonly string[] };
  readonly #durability: ServerRequest['durability'];
  /** Of every process that was started, in order; those that have ended as they should are no longer in `#processes`. */
  readonly #names: string[] = [];
  readonly #processes: { readonly name: string; readonly guarded: GuardedProcess; ended: number | null }[] = [];
  readonly #deadline = performance.now() + READY_MS;
  readonly #kept = new Set<GuardedProcess>();
  #stopping = false;

  constructor(
    recipe: JavaServerRecipe<Port>,
    home: string,
    java: string,
    installation: { readonly lib: string; readonly files: readonly string[] },
    durability: ServerRequest['durability'],
  ) {
    this.#recipe = recipe;
    this.#home = home;
    this.#java = java;
    this.#installation = installation;
    this.#durability = durability;
  }

  async start(): Promise<RunningServer> {
    for (const folder of ['conf', 'tmp']) mkdirSync(path.join(this.#home, folder), { recursive: true, mode: 0o700 });
    // What an earlier start said must not be taken for what this one says.
    for (const file of readdirSync(this.#home)) if (file.endsWith('.log')) rmSync(path.join(this.#home, file));
    const url = await this.#recipe.start({
      ...this.#installation,
      home: this.#home,
      durability: this.#durability,
      ports: await this.#ports(),
      configure: (file, text) => {
        mkdirSync(path.dirname(path.join(this.#home, 'conf', file)), { recursive: true });
        writeFileSync(path.join(this.#home, 'conf', file), text);
      },
      run: (process) => this.#run(process),
      keep: (process) => this.#keep(process),
      finish: (process) => this.#finish(process),
      until: (condition) => this.#until(condition),
    });
    const all = (): readonly GuardedProcess[] => [...this.#processes.map(({ guarded }) => guarded), ...this.#kept];
    const exited = Promise.race(this.#processes.map(({ guarded }) => guarded.exited));
    return {
      url,
      pid: all()[0]!.pid,
      get pids() {
        return all().map(({ pid }) => pid);
      },
      exited,
      stop: () => this.stop(),
    };
  }

  /** The one that was started last depends on those before. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#kept].map((guarded) => guarded.stop()));
    for (const { guarded } of this.#processes.toReversed()) await guarded.stop();
  }

  foundPortTaken(): boolean {
    return this.#logs().some((log) => tellsOfTakenPort(endOfLog(log)));
  }

  #logs(): readonly string[] {
    return this.#names.map((name) => this.#logOf(name));
  }

  #logOf(name: string): string {
    return path.join(this.#home, `${name}.log`);
  }

  async #ports(): Promise<Readonly<Record<Port, number>>> {
    const file = path.join(this.#home, PORTS);
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
    const free = await freePorts(this.#recipe.ports.length);
    const ports = Object.fromEntries(this.#recipe.ports.map((port, i) => [port, free[i]])) as Record<Port, number>;
    writeFileSync(file, JSON.stringify(ports));
    return ports;
  }

  async #run(process: JavaProcess): Promise<void> {
    const guarded = await this.#spawn(process);
    const entry = { name: process.name, guarded, ended: null as number | null };
    this.#processes.push(entry);
    guarded.exited.then(
      (code) => (entry.ended = code),
      () => (entry.ended = -1),
    );
  }

  /** Settles when the first is there; those that take its place come without anybody waiting. */
  async #keep({ make, started, ended }: KeptProcess): Promise<void> {
    const live = async (): Promise<{ readonly name: string; readonly guarded: GuardedProcess; readonly startedMs: number }> => {
      const process = make();
      const guarded = await this.#spawn(process);
      this.#kept.add(guarded);
      started(process.name, guarded.pid);
      return { name: process.name, guarded, startedMs: performance.now() };
    };
    const first = await live();
    const goOn = async (): Promise<void> => {
      let shortLives = 0;
      for (let { name, guarded, startedMs } = first; ; { name, guarded, startedMs } = await live()) {
        await guarded.exited;
        this.#kept.delete(guarded);
        ended(name);
        shortLives = performance.now() - startedMs < SHORT_LIFE_MS ? shortLives + 1 : 0;
        if (this.#stopping || shortLives === SHORT_LIVES_MAX) return;
      }
    };
    // One that cannot even be started is one that is missing, which whoever needs it notices.
    goOn().catch(() => {});
  }

  async #spawn({ name, flags, main, args = [], jars = [], graceMs, environment = {} }: JavaProcess): Promise<GuardedProcess> {
    const classPath = [path.join(this.#home, 'conf'), path.join(this.#installation.lib, '*'), ...jars].join(path.delimiter);
    const temporary = `-Djava.io.tmpdir=${path.join(this.#home, 'tmp')}`;
    this.#names.push(name);
    return await startGuarded({
      command: this.#java,
      // Without its shared counters a killed virtual machine leaves no file behind.
      args: ['-XX:-UsePerfData', temporary, ...flags, '-cp', classPath, main, ...args],
      directory: this.#home,
      log: this.#logOf(name),
      // What is volatile has nothing to write out at its end.
      graceMs: this.#durability === 'volatile' ? 0 : graceMs,
      environment,
    });
  }

  async #finish(process: JavaProcess): Promise<void> {
    await this.#run(process);
    const entry = this.#processes.at(-1)!;
    while (entry.ended === null) {
      if (performance.now() > this.#deadline) throw this.#late();
      await pause(POLL_MS);
    }
    if (entry.ended !== 0) throw this.#ended(entry.name, entry.ended);
    this.#processes.pop();
  }

  async #until(condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition())) {
      const ended = this.#processes.find((process) => process.ended !== null);
      if (ended !== undefined) throw this.#ended(ended.name, ended.ended!);
      if (performance.now() > this.#deadline) throw this.#late();
      await pause(POLL_MS);
    }
  }

  #ended(name: string, code: number): NotReady {
    return new NotReady(`did not start: its ${name} process ended with code ${code}: ${rootCause(endOfLog(this.#logOf(name)))}`);
  }

  #late(): NotReady {
    const causes = this.#names.map((name) => `${name}: ${rootCause(endOfLog(this.#logOf(name)))}`);
    return new NotReady(`did not answer within ${READY_MS / 1000} s; ${causes.join('; ')}`);
  }
}
