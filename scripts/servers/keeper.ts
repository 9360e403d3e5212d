/**
 * The program that owns a server that stays up: `keeper.js NAME DURABILITY`, forked by `statebench servers start`. Tells its parent
 * whether the server runs, and stops it when asked to by a signal, or when the parent goes away before it was told.
 */
import { messageOf } from '../../harness/errors.ts';
import { makeScratch, removeScratch, sweepScratch } from '../../harness/scratch.ts';
import { enterKept, type KeeperMessage, leaveKept, madeKeptFolder } from './kept-servers.ts';
import type { ServerRequest } from './server.ts';
import { SERVER_KINDS, type ServerName } from './server-kinds.ts';

const [name, durability] = process.argv.slice(2) as [ServerName, ServerRequest['durability']];

let end = (): void => {};
const toEnd = new Promise<void>((resolve) => {
  end = resolve;
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, end);
process.on('disconnect', end);

function tell(message: KeeperMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve());
    else resolve();
  });
}

async function keep(): Promise<void> {
  const folder = madeKeptFolder();
  sweepScratch(folder);
  const directory = makeScratch(folder, name);
  try {
    const started = await SERVER_KINDS[name].start({ directory, durability });
    if (started.state === 'unavailable') return await tell({ state: 'unavailable', why: `${started.reason}. ${started.remedy}` });
    try {
      if (!process.connected) return;
      if (!enterKept(name, started.server, { directory, durability })) return await tell({ state: 'was-running' });
      process.off('disconnect', end);
      await tell({ state: 'running' });
      // Something has to hold the process: nobody waits for it, and its server is not waited for.
      const held = setInterval(() => {}, 2 ** 30);
      await Promise.race([toEnd, started.server.exited]);
      clearInterval(held);
    } finally {
      await started.server.stop();
    }
  } finally {
    leaveKept(name);
    removeScratch(directory);
  }
}

try {
  await keep();
} catch (error) {
  await tell({ state: 'unavailable', why: messageOf(error) });
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
process.exit();
