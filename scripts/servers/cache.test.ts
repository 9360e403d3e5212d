// Proves that only a whole installation is used, that any other is told with the remedy, and what is told where Java, Maven or the network are missing.
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { cacheFolder } from '../../harness/cache-folder.ts';
import type { StatebenchError } from '../../harness/errors.ts';
import { findOnPath } from '../../harness/on-path.ts';
import { folderOf, installationOf, LIB, LIST, listOf, verifyInstallation } from './cache.ts';
import { startCassandra } from './cassandra.ts';
import { startHBase } from './hbase.ts';
import { startHdfs } from './hdfs.ts';
import { installServer } from './install.ts';

const root = mkdtempSync(path.join(tmpdir(), 'statebench-cache-test-'));
test.after.always('remove the folder', () => rmSync(root, { recursive: true, force: true }));

/** The environment is one for all: these tests run one after another, each with a cache of its own. */
async function withEnvironment<T>(changes: Readonly<Record<string, string>>, body: () => Promise<T>): Promise<T> {
  const before = Object.keys(changes).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, changes);
  try {
    return await body();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

let caches = 0;
function inFreshCache<T>(body: (cache: string) => Promise<T>, changes: Readonly<Record<string, string>> = {}): Promise<T> {
  const cache = path.join(root, `cache-${caches++}`);
  return withEnvironment({ STATEBENCH_CACHE: cache, ...changes }, () => body(cache));
}

/** Files in the place of jars: what is looked at is what they are, not what is in them. */
async function installSomething(): Promise<string> {
  const folder = folderOf('cassandra');
  mkdirSync(path.join(folder, LIB), { recursive: true });
  for (const name of ['a.jar', 'b.jar']) writeFileSync(path.join(folder, LIB, name), `${name} of a test`);
  writeFileSync(path.join(folder, LIST), JSON.stringify(await listOf('cassandra', folder)));
  return folder;
}

async function refusalOf(t: ExecutionContext): Promise<string> {
  const directory = mkdtempSync(path.join(root, 'server-'));
  const started = await startCassandra({ directory, durability: 'volatile' });
  if (started.state === 'running') {
    await started.server.stop();
    t.fail('it started');
    return '';
  }
  t.deepEqual(readdirSync(directory), [], 'it left something behind');
  return `${started.reason}. ${started.remedy}`;
}

/** A PATH of these commands alone. */
function pathOf(...commands: readonly string[]): string {
  const folder = mkdtempSync(path.join(root, 'path-'));
  for (const command of commands) {
    const found = findOnPath(command);
    if (found !== undefined) symlinkSync(found, path.join(folder, command));
  }
  return folder;
}

test.serial('the cache is where the environment says', async (t) => {
  await withEnvironment({ STATEBENCH_CACHE: '', XDG_CACHE_HOME: '/elsewhere', HOME: '/nobody' }, async () => {
    t.is(cacheFolder(), '/elsewhere/statebench');
    process.env.XDG_CACHE_HOME = 'relative';
    t.is(cacheFolder(), '/nobody/.cache/statebench');
    process.env.STATEBENCH_CACHE = '/mine';
    t.is(cacheFolder(), '/mine');
  });
});

test.serial('what is not installed is told, with what to do', async (t) => {
  await inFreshCache(async () => {
    const directory = mkdtempSync(path.join(root, 'server-'));
    for (const [name, start] of [
      ['cassandra', startCassandra],
      ['hbase', startHBase],
      ['hdfs', startHdfs],
    ] as const) {
      const started = await start({ directory, durability: 'volatile' });
      t.is(started.state, 'unavailable');
      if (started.state !== 'unavailable') continue;
      t.regex(started.reason, new RegExp(`^${name} [\\d.]+ is not installed$`));
      t.is(started.remedy, `Run: npx statebench servers install ${name}`);
    }
  });
});

test.serial('a whole installation is taken, with its files and their size', async (t) => {
  await inFreshCache(async () => {
    const folder = await installSomething();
    const found = await verifyInstallation('cassandra');
    t.deepEqual(found, {
      state: 'whole',
      folder,
      lib: path.join(folder, LIB),
      files: ['a.jar', 'b.jar'],
      bytes: 2 * 'a.jar of a test'.length,
    });
  });
});

for (const [what, damage, problem] of [
  ['without its list, as an install that was killed leaves it', (at) => rmSync(path.join(at, LIST)), /has no readable installed\.json/],
  [
    'with half a list',
    (at) => writeFileSync(path.join(at, LIST), readFileSync(path.join(at, LIST), 'utf8').slice(0, 90)),
    /has no readable/,
  ],
  ['without one of its files', (at) => rmSync(path.join(at, LIB, 'b.jar')), /b\.jar is missing/],
  ['with half a file', (at) => writeFileSync(path.join(at, LIB, 'b.jar'), 'b.jar'), /b\.jar has 5 bytes instead of 15/],
  ['with a file too much', (at) => writeFileSync(path.join(at, LIB, 'c.jar'), ''), /c\.jar does not belong there/],
  [
    'of other artifacts',
    (at) => writeFileSync(path.join(at, LIST), readFileSync(path.join(at, LIST), 'utf8').replace(/"pomSha256":"\w/, '"pomSha256":"')),
    /of other artifacts/,
  ],
] as const satisfies readonly (readonly [string, (at: string) => void, RegExp])[]) {
  test.serial(`an installation ${what} is refused`, async (t) => {
    await inFreshCache(async () => {
      damage(await installSomething());
      const refusal = await refusalOf(t);
      t.regex(refusal, problem);
      t.regex(refusal, /cannot be used.*Run: npx statebench servers install cassandra$/);
    });
  });
}

test.serial('a changed byte is found by whoever installs', async (t) => {
  await inFreshCache(async () => {
    const folder = await installSomething();
    writeFileSync(path.join(folder, LIB, 'a.jar'), 'A.jar of a test');
    t.is(installationOf('cassandra').state, 'whole');
    const found = await verifyInstallation('cassandra');
    t.is(found.state === 'damaged' && found.problem, 'a.jar has another checksum than when it was fetched');
  });
});

test.serial('without Java, or with one too old, the answer is why and what to do', async (t) => {
  await inFreshCache(
    async () => {
      await installSomething();
      t.regex(await refusalOf(t), /^cassandra [\d.]+ needs Java: there is no java on the PATH\. Install Java 17/);
      process.env.JAVA_HOME = '/nowhere';
      t.regex(await refusalOf(t), /JAVA_HOME is \/nowhere, where there is no bin\/java/);
      const home = mkdtempSync(path.join(root, 'java-'));
      mkdirSync(path.join(home, 'bin'));
      const java = path.join(home, 'bin', 'java');
      process.env.JAVA_HOME = home;
      for (const [version, major] of [
        ['11.0.2', 11],
        ['1.8.0_402', 8],
      ]) {
        writeFileSync(java, `#!/bin/sh\necho 'openjdk version "${version}"' >&2\n`);
        chmodSync(java, 0o700);
        t.true((await refusalOf(t)).includes(`${java} is Java ${major}. Install Java 17`));
      }
    },
    { PATH: pathOf(), JAVA_HOME: '' },
  );
});

async function installError(): Promise<string> {
  try {
    await installServer('cassandra', () => {});
    return 'it was installed';
  } catch (error) {
    const { code, message } = error as StatebenchError;
    return `${code}: ${message}`;
  }
}

if (findOnPath('java') !== undefined && findOnPath('mvn') !== undefined) {
  test.serial('installing without Maven is refused before anything is made', async (t) => {
    await inFreshCache(
      async (cache) => {
        t.regex(
          await installError(),
          /^unavailable: cassandra [\d.]+ is fetched by Maven, and there is no mvn on the PATH\. Install Maven/,
        );
        t.false(existsSync(cache));
      },
      { PATH: pathOf('java'), JAVA_HOME: '' },
    );
  });

  test.serial('installing without network says what Maven said, and leaves nothing that is used', async (t) => {
    const offline = `-Dmaven.repo.local=${path.join(root, 'repository')} -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=1`;
    await inFreshCache(
      async (cache) => {
        const error = await installError();
        t.log(error);
        t.regex(error, /^unavailable: Maven could not fetch cassandra [\d.]+: .*See whether this machine reaches Maven Central/s);
        t.deepEqual(readdirSync(cache), []);
        t.is(installationOf('cassandra').state, 'missing');
      },
      { MAVEN_OPTS: offline },
    );
  });

  test.serial('a cache that cannot be made is told', async (t) => {
    const file = path.join(root, 'a-file');
    appendFileSync(file, '');
    t.regex(await withEnvironment({ STATEBENCH_CACHE: path.join(file, 'cache') }, installError), /^bad-folder: cannot write /);
  });
}
