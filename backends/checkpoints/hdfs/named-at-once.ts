/** For tests: a job that cannot be opened is told why, soon. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import hdfs, { type HdfsOptions } from '../hdfs.ts';

const NAMED_WITHIN_MS = 5_000;

export async function place(t: ExecutionContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'statebench-hdfs-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  return join(root, 'checkpoints');
}

/** Opening a new job there fails within the limit, with a message in the words of `what`. */
export async function namedAtOnce(t: ExecutionContext, options: HdfsOptions, code: string, what: RegExp): Promise<void> {
  const directory = await place(t);
  const start = performance.now();
  const error = await t.throwsAsync(hdfs(options).open(directory));
  const ms = performance.now() - start;
  t.is((error as { code?: string } | undefined)?.code, code, error?.message);
  t.regex(error?.message ?? '', what);
  t.true(ms < NAMED_WITHIN_MS, `${ms} ms`);
  t.log(`${ms.toFixed(0)} ms: ${error?.message}`);
}

export async function listening(t: ExecutionContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

/** What any HTTP server there would say. */
export function answering(t: ExecutionContext, listener: RequestListener): Promise<string> {
  return listening(t, createServer({ keepAlive: false }, listener));
}

export const DEAD = 'http://127.0.0.1:1';

/** In the words of a NameNode that stands by. */
export const standsBy: RequestListener = (_, response) => {
  const message = 'Operation category READ is not supported in state standby. Visit https://s.apache.org/sbnn-error';
  response.writeHead(403, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({
      RemoteException: { exception: 'StandbyException', javaClassName: 'org.apache.hadoop.ipc.StandbyException', message },
    }),
  );
};
