/** The part of the REST interface of Flink's SQL gateway that is used, typed. See Flink's "REST Endpoint", version v3. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { StatebenchError } from '../errors.ts';
import { restCall } from './rest-call.ts';
import { FLINK_VERSION, isOfOurRelease } from './version.ts';

const WHOM = "Flink's SQL gateway";
const POLL_MS = 50;

const resultSchema = z.object({
  resultType: z.enum(['NOT_READY', 'PAYLOAD', 'EOS']),
  jobID: z.string().optional(),
  nextResultUri: z.string().nullish(),
  results: z.object({ data: z.array(z.object({ fields: z.array(z.unknown()) })) }).optional(),
});
type StatementResult = z.infer<typeof resultSchema>;

/** Sees that a gateway is one. @throws StatebenchError `unavailable` if it does not answer, or is of another release than the job */
export async function checkGateway(url: string): Promise<void> {
  const { version } = await restCall({
    url: `${url.replace(/\/+$/, '')}/v3/info`,
    answer: z.object({ productName: z.string(), version: z.string() }),
    whom: WHOM,
  });
  if (isOfOurRelease(version)) return;
  throw new StatebenchError(
    'unavailable',
    `the SQL gateway at ${url} is ${version}, and ${FLINK_VERSION} is wanted: name that of the cluster`,
  );
}

/** A session with settings of its own, in which tables are temporary; to be closed. */
export class SqlSession implements AsyncDisposable {
  readonly #url: string;
  readonly #handle: string;

  private constructor(url: string, handle: string) {
    this.#url = url;
    this.#handle = handle;
  }

  /** @throws StatebenchError `unavailable` if the gateway does not answer */
  static async open(gateway: string, settings: Readonly<Record<string, string>>): Promise<SqlSession> {
    const url = gateway.replace(/\/+$/, '');
    const body = { sessionName: 'statebench', properties: settings };
    const { sessionHandle } = await restCall({
      url: `${url}/v3/sessions`,
      method: 'POST',
      body,
      answer: z.object({ sessionHandle: z.string() }),
      whom: WHOM,
    });
    return new SqlSession(url, sessionHandle);
  }

  /** Runs a statement that gives no rows, such as CREATE. @throws FlinkRefusal with the root cause */
  async execute(statement: string, signal: AbortSignal): Promise<void> {
    await this.#result(statement, signal);
  }

  /** Runs an INSERT. @returns the id of its job, which goes on @throws FlinkRefusal with the root cause */
  async insert(statement: string, signal: AbortSignal): Promise<string> {
    const { jobID, results } = await this.#result(statement, signal);
    const id = jobID ?? results?.data[0]?.fields[0];
    if (typeof id !== 'string') throw new StatebenchError('backend-failed', `${WHOM} began no job for: ${statement.slice(0, 80)}`);
    return id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A gateway that is gone has no session either.
    await restCall({ url: `${this.#url}/v3/sessions/${this.#handle}`, method: 'DELETE', answer: z.unknown(), whom: WHOM }).catch(() => {});
  }

  /** The first answer that is one: planning takes seconds the first time. */
  async #result(statement: string, signal: AbortSignal): Promise<StatementResult> {
    const session = `${this.#url}/v3/sessions/${this.#handle}`;
    const { operationHandle } = await restCall({
      url: `${session}/statements`,
      method: 'POST',
      body: { statement },
      answer: z.object({ operationHandle: z.string() }),
      whom: WHOM,
    });
    for (;;) {
      // A statement that failed is told here, as a refusal.
      const result = await restCall({
        url: `${session}/operations/${operationHandle}/result/0?rowFormat=JSON`,
        answer: resultSchema,
        whom: WHOM,
      });
      if (result.resultType !== 'NOT_READY') return result;
      await pause(POLL_MS, undefined, { signal });
    }
  }
}
