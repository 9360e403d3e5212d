/**
 * What the adapters of RocksDB and Redis cost: reading and writing whole micro-batches through the contract, against a
 * bare loop over the same package that does the same reads and writes and copies the same bytes out.
 *
 *     npx tsc && node dist/scripts/bench/bare-served.js [rounds]
 *
 * Adapter and bare loop take turns within one process, so that a noisy machine disturbs both alike; a ratio is the
 * geometric mean over rounds of adapter ÷ bare. Prints `name value unit` lines.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import RocksDB from 'rocksdb-native';
import { backendFrom } from '../../backends/conformance.ts';
import { StateBatch, type TableSpec } from '../../backends/contract.ts';
import { startRedis } from '../servers/redis.ts';

const KEYS = 100_000;
const BATCH_SIZES = [64, 1024];
const ROUND_MS = 400;
const TABLE: TableSpec = { name: 'counts', kind: 'value', keyBytes: 16, groupBytes: 0, valueBytes: 32 };

/** Reads every slot of the batch, then writes it. The same for an adapter and for a bare loop over its package. */
interface Contender {
  readonly read: (batch: StateBatch) => Promise<void> | void;
  readonly write: (batch: StateBatch) => Promise<void> | void;
  readonly close: () => Promise<void>;
}

async function adapter(name: string, directory: string, options: Readonly<Record<string, unknown>>): Promise<Contender> {
  const backend = await backendFrom(new URL(`../../backends/${name}.js`, import.meta.url), options)();
  const store = await backend.open({ directory, tables: [TABLE] });
  const table = store.value(TABLE.name);
  return { read: (batch) => table.read(batch), write: (batch) => table.write(batch), close: () => store.close() };
}

async function bareRocksdb(directory: string): Promise<Contender> {
  const database = new RocksDB(directory, { maxBackgroundJobs: 2 });
  await database.ready();
  return {
    async read({ length, addresses, values, present }) {
      const batch = database.read({ capacity: length });
      const found = [];
      for (let slot = 0; slot < length; slot++) found.push(batch.get(addresses[slot] as Buffer));
      await batch.flush();
      const stored = await Promise.all(found);
      batch.destroy();
      copyOut(stored, values, present);
    },
    async write({ length, addresses, values }) {
      const batch = database.write({ capacity: length });
      for (let slot = 0; slot < length; slot++) batch.tryPut(addresses[slot] as Buffer, values[slot] as Buffer);
      await batch.flush();
      batch.destroy();
    },
    close: () => database.close(),
  };
}

async function bareRedis(url: string): Promise<Contender> {
  const client = new Redis(url, { lazyConnect: true });
  await client.connect();
  return {
    async read({ length, keys, values, present }) {
      copyOut(await client.hmgetBuffer('bare', ...keys.slice(0, length)), values, present);
    },
    async write({ length, keys, values }) {
      const pairs: Buffer[] = [];
      for (let slot = 0; slot < length; slot++) pairs.push(keys[slot] as Buffer, values[slot] as Buffer);
      await client.hset('bare', ...pairs);
    },
    close: async () => client.disconnect(),
  };
}

function copyOut(stored: readonly (Buffer | null)[], values: readonly Buffer[], present: Uint8Array): void {
  for (let slot = 0; slot < stored.length; slot++) {
    const value = stored[slot];
    if (value == null) present[slot] = 0;
    else {
      values[slot]?.set(value);
      present[slot] = 1;
    }
  }
}

/** Every 7,919th key from `from` on: distinct, since 7,919 and the number of keys have no common factor. */
function fill(batch: StateBatch, from: number, length: number): void {
  batch.clear();
  for (let i = 0; i < length; i++) {
    const id = (from + i * 7_919) % KEYS;
    const key = batch.keys[batch.push(0)] as Buffer;
    key.writeUInt32BE(Math.imul(id, 0x9e3779b1) >>> 0, 0);
    key.writeUInt32BE(id, 4);
  }
}

/** Read-modify-writes for a while. @returns slots read and written per second. */
async function drive({ read, write }: Contender, batch: StateBatch, seed: number): Promise<number> {
  let slots = 0;
  const start = performance.now();
  for (let i = seed; performance.now() - start < ROUND_MS; i++) {
    fill(batch, (i * 104_729) % KEYS, batch.capacity);
    const reading = read(batch);
    if (reading) await reading;
    for (let slot = 0; slot < batch.length; slot++) {
      const value = batch.values[slot] as Buffer;
      value.writeUInt32LE(batch.present[slot] === 1 ? (value.readUInt32LE(0) + 1) >>> 0 : 1, 0);
      batch.present[slot] = 1;
    }
    const writing = write(batch);
    if (writing) await writing;
    slots += batch.length;
  }
  return (slots / (performance.now() - start)) * 1000;
}

async function compare(name: string, ours: Contender, bare: Contender, rounds: number): Promise<void> {
  for (const capacity of BATCH_SIZES) {
    const batch = new StateBatch(capacity, TABLE);
    for (const contender of [ours, bare]) {
      for (let from = 0; from < KEYS / capacity + 1; from++) {
        fill(batch, from * capacity * 7_919, capacity);
        batch.present.fill(1);
        await contender.write(batch);
      }
      await drive(contender, batch, 1);
    }
    let logs = 0;
    let [oursPerSecond, barePerSecond] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      // Who goes first changes, as caches and clocks favour the second.
      const order = round % 2 === 0 ? [ours, bare] : [bare, ours];
      const rates = new Map<Contender, number>();
      for (const contender of order) rates.set(contender, await drive(contender, batch, round));
      const [a, b] = [rates.get(ours) as number, rates.get(bare) as number];
      logs += Math.log(a / b);
      oursPerSecond += a / rounds;
      barePerSecond += b / rounds;
    }
    console.log(`${name}-batch-${capacity}-adapter ${oursPerSecond.toFixed(0)} slots/s`);
    console.log(`${name}-batch-${capacity}-bare ${barePerSecond.toFixed(0)} slots/s`);
    console.log(`${name}-batch-${capacity}-ratio ${Math.exp(logs / rounds).toFixed(3)} x`);
  }
  await ours.close();
  await bare.close();
}

const rounds = Number(process.argv[2] ?? 8);
const root = mkdtempSync(join(tmpdir(), 'statebench-bare-'));
const at = (name: string): string => {
  mkdirSync(join(root, name));
  return join(root, name);
};
try {
  await compare('rocksdb', await adapter('rocksdb', at('rocksdb'), {}), await bareRocksdb(at('rocksdb-bare')), rounds);
  const started = await startRedis({ directory: at('server'), durability: 'volatile' });
  if (started.state === 'running') {
    const { url, stop } = started.server;
    await compare('redis', await adapter('redis', at('redis'), { url }), await bareRedis(url), rounds);
    await stop();
  } else {
    console.error(`redis is left out: ${started.reason}. ${started.remedy}`);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
