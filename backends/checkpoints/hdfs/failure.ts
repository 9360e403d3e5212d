/** What goes wrong with a WebHDFS service, and whether it may pass by itself. */

/** What a NameNode or DataNode said in place of an answer, or that it said nothing. */
export class HdfsFailure extends Error {
  /** Java's name of the exception, such as `AccessControlException`; null where the server was not reached or is no WebHDFS. */
  readonly exception: string | null;
  /** Whether asking again later, or at the other NameNode, may help. */
  readonly passing: boolean;

  constructor(message: string, exception: string | null, passing: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HdfsFailure';
    this.exception = exception;
    this.passing = passing;
  }
}

const UNREACHABLE: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ABORT_ERR',
]);

/** What a restart of a NameNode, a change of the active one, or a DataNode that looks for its NameNode looks like. */
const PASSING: ReadonlySet<string> = new Set([
  'StandbyException',
  'RetriableException',
  'SafeModeException',
  'ConnectException',
  'SocketException',
  'SocketTimeoutException',
  'NoRouteToHostException',
  'EOFException',
]);

/** Inside an `IOException`, which is what becomes of a broken connection between the servers. */
const PASSING_WORDS =
  /failed on (local|socket) exception|connection (reset|refused)|there are 0 datanode\(s\) running|failed to find datanode/i;

/** The failure of a request that got no answer. Errors that are not the network's are returned as they are. */
export function connectionFailure(error: unknown, host: string): unknown {
  const { code, name, message, errors } = error as { code?: unknown; name?: string; message?: string; errors?: readonly Error[] };
  if (typeof code === 'string' && code.startsWith('HPE_')) return noWebHdfs(host, 'it does not speak HTTP');
  if (!UNREACHABLE.has(code) && name !== 'TimeoutError' && name !== 'AbortError') return error;
  const why = name === 'TimeoutError' ? 'no answer in time' : message || errors?.[0]?.message || String(code);
  return new HdfsFailure(`${host}: ${why}`, null, true, { cause: error });
}

/** The failure that an answer with an error status tells of. */
export function answeredFailure(host: string, status: number, body: string): HdfsFailure {
  const remote = remoteException(body);
  if (remote === null) {
    if (status === 401)
      return new HdfsFailure(
        `${host} asks for Kerberos or another login (HTTP 401), which is not spoken here: use a cluster or gateway with simple authentication`,
        null,
        false,
      );
    // A NameNode that is starting, or a proxy without one behind it.
    if (status === 502 || status === 503) return new HdfsFailure(`${host}: HTTP ${status}`, null, true);
    return noWebHdfs(host, `HTTP ${status}`);
  }
  const { exception, message } = remote;
  const [first = ''] = message.split('\n', 1);
  const line = first.trim().replace(/\.+$/, '');
  return new HdfsFailure(
    `${host}: ${line === '' ? exception : line}${remedyFor(exception, message)}`,
    exception,
    PASSING.has(exception) || PASSING_WORDS.test(line),
  );
}

function noWebHdfs(host: string, why: string): HdfsFailure {
  return new HdfsFailure(
    `${host} is no WebHDFS service (${why}): name the HTTP address of a NameNode, such as http://HOST:9870`,
    null,
    false,
  );
}

function remoteException(body: string): { readonly exception: string; readonly message: string } | null {
  try {
    const { RemoteException: remote } = JSON.parse(body) as { RemoteException?: { exception?: unknown; message?: unknown } };
    return typeof remote?.exception === 'string' ? { exception: remote.exception, message: String(remote.message ?? '') } : null;
  } catch {
    return null;
  }
}

function remedyFor(exception: string, message: string): string {
  if (exception === 'SafeModeException' && /resources are low/i.test(message))
    return '. The disk of the NameNode is full: make room there, then end safe mode with hdfs dfsadmin -safemode leave';
  if (exception === 'SafeModeException')
    return '. It takes no writes: wait until it has left safe mode, or end that with hdfs dfsadmin -safemode leave';
  if (exception === 'StandbyException') return '. Give the active NameNode too, as url=http://ONE:PORT+http://OTHER:PORT';
  if (exception === 'AccessControlException' || exception === 'SecurityException')
    return '. Choose a path that the user may write with path=…, or the user with user=…';
  if (/QuotaExceeded/.test(exception)) return '. Make room under the quota, or choose another path with path=…';
  if (exception === 'ParentNotDirectoryException' || exception === 'FileAlreadyExistsException')
    return '. A file is in the way, and stays: choose another path with path=…';
  if (/could only be (written|replicated) to 0 |failed to find datanode/i.test(message))
    return '. The cluster is full, or has no DataNode that takes a block: make room, or start one';
  // A disk that fills while a block is written looks like this to whoever writes it.
  if (/all datanodes .* are bad/i.test(message))
    return '. Every DataNode that took the block failed at it: see their logs, and make room where a disk is full';
  return '';
}

/** True for a file or folder that is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof HdfsFailure && error.exception === 'FileNotFoundException';
}
