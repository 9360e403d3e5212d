/**
 * The bare loops of RocksDB and Redis, as `bare-loops.ts` has them of the other stores: each package used as its manual
 * says. The Redis adapter encodes its commands itself, so adapter ÷ bare is above 1 there.
 */
import { Redis } from 'ioredis';
import RocksDB from 'rocksdb-native';
import { type BareLoop, Batch, SLOTS, VALUE_BYTES } from './bare-loops.ts';

export const rocksdbLoop: BareLoop = {
  name: 'rocksdb',
  async open(directory, { keys }) {
    const database = new RocksDB(directory, { maxBackgroundJobs: 2 });
    await database.ready();
    const batch = new Batch(keys);
    const { addresses, values } = batch;
    const write = async () => {
      const puts = database.write({ capacity: SLOTS });
      for (let slot = 0; slot < SLOTS; slot++) puts.tryPut(addresses[slot]!, values[slot]!);
      await puts.flush();
      puts.destroy();
    };
    for (let first = 0; first < keys; first += SLOTS) {
      batch.fillFrom(first);
      await write();
    }
    return {
      async run(batches) {
        for (; batches > 0; batches--) {
          batch.fill();
          const gets = database.read({ capacity: SLOTS });
          const found = addresses.map((address) => gets.get(address));
          await gets.flush();
          copyOut(await Promise.all(found), batch);
          gets.destroy();
          batch.change();
          await write();
        }
      },
      close: () => database.close(),
    };
  },
};

/** @param url of a server, which keeps the loop's one key until the loop is closed. */
export function redisLoop(url: string): BareLoop {
  return {
    name: 'redis',
    async open(_directory, { keys }) {
      const client = new Redis(url, { lazyConnect: true });
      await client.connect();
      const batch = new Batch(keys);
      const fields = batch.addresses.map((address) => address.subarray(8));
      const pairs = fields.flatMap((field, slot) => [field, batch.values[slot]!]);
      for (let first = 0; first < keys; first += SLOTS) {
        batch.fillFrom(first);
        await client.hset('bare', ...pairs);
      }
      return {
        async run(batches) {
          for (; batches > 0; batches--) {
            batch.fill();
            copyOut(await client.hmgetBuffer('bare', ...fields), batch);
            batch.change();
            await client.hset('bare', ...pairs);
          }
        },
        async close() {
          await client.unlink('bare');
          client.disconnect();
        },
      };
    },
  };
}

function copyOut(stored: readonly (Buffer | null)[], { valueArena }: Batch): void {
  for (let slot = 0; slot < SLOTS; slot++) valueArena.set(stored[slot]!, slot * VALUE_BYTES);
}
