/** As much of the untyped package as is used. Everything is asynchronous; keys and values must not change until then. */
declare module 'rocksdb-native' {
  interface ColumnFamilyOptions {
    readonly writeBufferSize?: number;
    readonly tableBlockSize?: number;
    readonly filterPolicy?: BloomFilterPolicy | null;
    /** Whether to have one, of 32 MiB; true by default. */
    readonly blockCache?: boolean;
    /** Whether indexes and filters are kept there; true by default, and an error where there is none. */
    readonly tableCacheIndexAndFilterBlocks?: boolean;
  }

  interface DatabaseOptions extends ColumnFamilyOptions {
    readonly createIfMissing?: boolean;
    readonly createMissingColumnFamilies?: boolean;
    readonly maxBackgroundJobs?: number;
  }

  interface Range {
    readonly gte: Buffer;
    readonly lt: Buffer;
  }

  interface Row {
    readonly key: Buffer;
    readonly value: Buffer;
  }

  /** Rows come `capacity` at a time; until it has ended or is destroyed, the database cannot be closed. */
  interface RowStream extends AsyncIterable<Row> {
    /** The next row that is there already, or null. */
    read(): Row | null;
    destroy(): void;
    once(event: 'close', listener: () => void): this;
  }

  /** Operations gathered until {@link flush}, after which the batch is empty and can be used again. */
  interface ReadBatch {
    get(key: Buffer): Promise<Buffer | null>;
    flush(): Promise<void>;
    destroy(): void;
  }

  interface WriteBatch {
    tryPut(key: Buffer, value: Buffer): void;
    tryDelete(key: Buffer): void;
    tryDeleteRange(start: Buffer, end: Buffer): void;
    flush(): Promise<void>;
    destroy(): void;
  }

  export class BloomFilterPolicy {
    constructor(bitsPerKey: number);
  }

  export default class RocksDB {
    static readonly BloomFilterPolicy: typeof BloomFilterPolicy;
    constructor(path: string, options?: DatabaseOptions);
    ready(): Promise<void>;
    /** Before `ready`, also makes the column family known. */
    columnFamily(name: string): RocksDB;
    read(options?: { readonly capacity?: number }): ReadBatch;
    write(options?: { readonly capacity?: number }): WriteBatch;
    iterator(range: Range, options?: { readonly capacity?: number }): RowStream;
    deleteRange(start: Buffer, end: Buffer): Promise<void>;
    /** Writes this column family's memtable out. */
    flush(): Promise<void>;
    compactRange(): Promise<void>;
    getProperty(name: string): Promise<string | undefined>;
    close(options?: { readonly force?: boolean }): Promise<void>;
  }
}
