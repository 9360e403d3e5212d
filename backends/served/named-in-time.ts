/** For tests: a server that cannot be used is told of in time, by name and with what to do. */
import type { AddressInfo, Server } from 'node:net';
import type { ExecutionContext } from 'ava';
import { BackendError, type BackendErrorCode } from '../contract.ts';

/** The promise is five seconds. Drivers left alone hang for minutes; a machine on which other tests and servers run is slow. */
export const NAMED_WITHIN_MS = 30_000;

/** What tests give where a password is asked for: it must not be in any message. */
export const PASSWORD = 'open sesame';

/** What `attempt` throws, within the limit, is a BackendError of this code whose message matches. */
export async function namedInTime(t: ExecutionContext, code: BackendErrorCode, message: RegExp, attempt: () => unknown): Promise<void> {
  const startMs = performance.now();
  const error = await t.throwsAsync(async () => await attempt(), { instanceOf: BackendError, message });
  const ms = performance.now() - startMs;
  t.log(`${ms.toFixed(0)} ms: ${error?.message}`);
  t.is((error as BackendError | undefined)?.code, code);
  t.false(error?.message.includes(PASSWORD), 'the password is in the message');
  t.true(ms < NAMED_WITHIN_MS, `took ${ms} ms`);
}

/** Has a server of the test's own listen on a free port, until the test ends. @returns `HOST:PORT` */
export async function listening(t: ExecutionContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
