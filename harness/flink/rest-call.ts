/** One request to a REST interface of Flink, and what it says in the place of an answer. */
import type { z } from 'zod';
import { messageOf, StatebenchError } from '../errors.ts';
import { rootCause } from './root-cause.ts';

const TIMEOUT_MS = 30_000;
/** What the routers of Flink's REST interfaces say, and the JobManager's server of pages. */
const NO_SUCH_PATH = /^(?:Not found: |Method not allowed|Unable to load requested file )/i;

export interface RestRequest<Answer> {
  readonly url: string;
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** JSON, or a form with a file. */
  readonly body?: unknown;
  readonly answer: z.ZodType<Answer>;
  /** What is asked, for messages: `Flink's JobManager`. */
  readonly whom: string;
}

/** Flink refused a request; the message is its own root cause. */
export class FlinkRefusal extends StatebenchError {
  readonly status: number;

  constructor(status: number, message: string) {
    super('backend-failed', message);
    this.status = status;
  }
}

/**
 * @throws StatebenchError `unavailable` if nobody answers, or somebody else does, one of another kind
 * @throws FlinkRefusal if Flink says no
 */
export async function restCall<Answer>({ url, method = 'GET', body, answer, whom }: RestRequest<Answer>): Promise<Answer> {
  const isForm = body instanceof FormData;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
      ...(body !== undefined && !isForm && { headers: { 'content-type': 'application/json' } }),
    });
    text = await response.text();
  } catch (cause) {
    const { origin } = new URL(url);
    throw new StatebenchError(
      'unavailable',
      `${whom} does not answer at ${origin} (${reasonOf(cause)}): see that it runs and that this machine reaches it`,
      { cause },
    );
  }
  const json = parsed(text);
  const { origin, pathname } = new URL(url);
  const another = (why: string): StatebenchError =>
    new StatebenchError(
      'unavailable',
      `${origin} answers, but not as ${whom} does (${why}): see that the address is that of a Flink of release 2.3`,
    );
  if (!response.ok) {
    const errors = (json as { errors?: unknown } | undefined)?.errors;
    // Other servers have other errors, and the gateway and the JobManager do not know each other's paths.
    if (!Array.isArray(errors) || NO_SUCH_PATH.test(String(errors[0]))) throw another(`${response.status} to ${method} ${pathname}`);
    throw new FlinkRefusal(response.status, `${whom} refused ${method} ${pathname}: ${rootCause(errors.map(String).join('\n'))}`);
  }
  const read = answer.safeParse(json);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw another(issue?.path.join('.') || 'no JSON');
}

/** A file that is served, such as a log; null where there is none, or one that is longer than `bytesMax`. Never throws. */
export async function restText(url: string, bytesMax: number): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok || response.body === null) return null;
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body) {
      bytes += part.length;
      if (bytes > bytesMax) return null;
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  } catch {
    return null;
  }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch` says only that it failed, and why in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return messageOf(error);
}
