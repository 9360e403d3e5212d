// Proves that a trace holds every call as it was made, down to windows, keys, lengths and what was found, against a log kept beside
// it; and that a file with any byte changed, cut off anywhere, or added to is refused before a call of it is seen, naming the place.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ListTable, Pending, StateBatch, StateStore, ValueTable } from '../../backends/contract.ts';
import { RANDOM_TABLES, recordRandomRun } from './random-run.ts';
import { HEADER_HEAD_BYTES, MAGIC } from './trace-format.ts';
import { openTrace } from './trace-reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'statebench-trace-reader-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

/** A batch in words. `values` says whether presence and lengths count. */
function inWords(batch: StateBatch, present: Uint8Array, lengths: Uint32Array, values: boolean): string {
  return Array.from({ length: batch.length }, (_, slot) => {
    const value = !values ? '' : present[slot] === 1 ? lengths[slot] : 'none';
    return `${batch.windows[slot]}/${batch.keys[slot]!.toString('hex')}=${value}`;
  }).join(' ');
}

/** Logs calls as they are made, in words. */
function logged(store: StateStore, log: string[]): StateStore {
  const batchCall = (name: string, kind: string, call: (batch: StateBatch) => Pending) => (batch: StateBatch) => {
    call(batch);
    log.push(`${kind} ${name} ${inWords(batch, batch.present, batch.lengths, kind === 'read' || kind === 'write')}`);
  };
  const windowCalls = (name: string, table: ValueTable | ListTable) => ({
    async *scan(window: number, batch: StateBatch, group?: Uint8Array) {
      const { capacity } = batch;
      const of = group === undefined ? 'all' : Buffer.from(group).toString('hex');
      let slots = 0;
      for await (const found of table.scan(window, batch, group)) {
        slots += found.length;
        yield found;
      }
      log.push(`scan ${name} ${window} ${of} ${capacity} ${slots}`);
    },
    drop(window: number) {
      table.drop(window);
      log.push(`drop ${name} ${window}`);
    },
  });
  return {
    value(name) {
      const table = store.value(name);
      const read = batchCall(name, 'read', (batch) => table.read(batch));
      const write = batchCall(name, 'write', (batch) => table.write(batch));
      return { read, write, ...windowCalls(name, table) };
    },
    list(name) {
      const table = store.list(name);
      const append = batchCall(name, 'append', (batch) => table.append(batch));
      const remove = batchCall(name, 'remove', (batch) => table.remove(batch));
      return { append, remove, ...windowCalls(name, table) };
    },
    checkpoint: (place) => store.checkpoint(place),
    published: (id) => store.published(id),
    release: (id) => store.release(id),
    close: () => store.close(),
  };
}

async function readAll(file: string): Promise<string[]> {
  const lines: string[] = [];
  const trace = await openTrace(file);
  for await (const piece of trace.pieces()) {
    for (const call of piece) {
      const { kind, window, group, capacity, slots, batch, present, lengths } = call;
      const name = trace.tables[call.table]!.name;
      if (kind === 'scan') lines.push(`scan ${name} ${window} ${group === null ? 'all' : group.toString('hex')} ${capacity} ${slots}`);
      else if (kind === 'drop') lines.push(`drop ${name} ${window}`);
      else lines.push(`${kind} ${name} ${inWords(batch, present, lengths, kind === 'read' || kind === 'write')}`);
    }
  }
  return lines;
}

for (let run = 0; run < 5; run++) {
  const seed = Math.floor(Math.random() * 2 ** 31);
  test(`every call is there as it was made (seed ${seed})`, async (t) => {
    const file = join(folder, `${seed}.trace`);
    const log: string[] = [];
    const calls = await recordRandomRun(file, folder, seed, (store) => logged(store, log));
    t.is(log.length, calls);
    t.deepEqual(await readAll(file), log);
    t.deepEqual((await openTrace(file)).tables, RANDOM_TABLES);
  });
}

test('a file with any byte changed, cut off or added to is refused, naming the place', async (t) => {
  const file = join(folder, 'whole.trace');
  await recordRandomRun(file, folder, 11);
  const whole = readFileSync(file);
  const body = MAGIC.length + HEADER_HEAD_BYTES + whole.readUInt32LE(MAGIC.length);
  const damagedFile = join(folder, 'damaged.trace');
  const refusal = async (bytes: Uint8Array): Promise<string> => {
    writeFileSync(damagedFile, bytes);
    return (await t.throwsAsync(openTrace(damagedFile), { code: 'bad-data' }))?.message ?? '';
  };
  const step = Math.ceil(whole.length / 300);
  for (let at = 0; at < whole.length; at += at < body + 40 ? 1 : step) {
    const turned = Buffer.from(whole);
    turned[at]! ^= 1 << (at % 8);
    const message = await refusal(turned);
    if (at >= body) t.regex(message, /block \d+ at byte \d+|behind its end at byte/, `byte ${at}`);
    const cut = await refusal(whole.subarray(0, at));
    if (at >= body) t.regex(cut, /is torn: it ends amid block \d+ at byte \d+/, `cut at ${at}`);
  }
  t.regex(await refusal(Buffer.concat([whole, Buffer.from([0])])), /goes on behind its end at byte \d+/);
  t.regex(await refusal(Buffer.from('statebench trace 9\n{}')), /is of version 9; this statebench reads version 1/);
  // A block doubled, or lost, is noticed by the checksum of the next, which goes on from it.
  const end = body + 12 + whole.readUInt32LE(body + 4);
  t.regex(await refusal(Buffer.concat([whole.subarray(0, end), whole.subarray(body)])), /block 2 at byte \d+ has a wrong checksum/);
  t.regex(await refusal(Buffer.concat([whole.subarray(0, body), whole.subarray(end)])), /block 1 at byte \d+ has a wrong checksum/);
});

test('a file that is not there', async (t) => {
  const error = await t.throwsAsync(openTrace(join(folder, 'none.trace')), { code: 'missing-data' });
  t.regex(error?.message ?? '', /none\.trace/);
});
