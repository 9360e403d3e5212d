/** What a server that a run or a test starts looks like, whichever server it is. */

/** A server on loopback. It ends when stopped, or by itself soon after its owner's death, however that died. */
export interface RunningServer {
  /** Where clients connect, as the option takes it that names the server, password included: not for logs or results. */
  readonly url: string;
  /** The server's own process, for measuring it or killing it in a test. */
  readonly pid: number;
  /** All its processes, `pid` first: HBase has a gateway too, HDFS a DataNode. */
  readonly pids: readonly number[];
  /** Settles when one of its processes has ended, asked or not, with its exit code. */
  readonly exited: Promise<number>;
  /** Settles once every process is gone. Stopping twice is no error. */
  stop(): Promise<void>;
}

/** A started server, or why there is none here and what would change that. */
export type ServerStart =
  | { readonly state: 'running'; readonly server: RunningServer }
  | { readonly state: 'unavailable'; readonly reason: string; readonly remedy: string };

export interface ServerRequest {
  /** A directory of the server's own: configuration, log and data. Exists; the caller removes it after stopping. */
  readonly directory: string;
  /** What of its data has to survive without a checkpoint, in the words of the backends' contract. */
  readonly durability: 'volatile' | 'process-crash' | 'os-crash';
}
