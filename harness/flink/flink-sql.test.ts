// Proves that a workload told in SQL gives the oracle's rows on Flink, and that a statement it does not take is told by its root cause.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { startFlink } from '../../scripts/servers/flink.ts';
import { freePorts } from '../../scripts/servers/ports.ts';
import { requiredServer } from '../../scripts/servers/required.ts';
import { EventBatch, type Workload } from '../../workloads/contract.ts';
import { loadWorkload } from '../modules.ts';
import { oracleRows } from '../oracle/oracle.ts';
import { workloadSql } from './flink-sql.ts';
import { JobManager } from './job-manager.ts';
import { SqlSession } from './sql-gateway.ts';

const SEED = 7;
const flink = await requiredServer(test, (directory) => startFlink({ directory, durability: 'volatile' }));
const { signal } = new AbortController();

test('a gateway that is not there is named', async (t) => {
  const [port] = (await freePorts(1)) as [number];
  const error = await t.throwsAsync(SqlSession.open(`http://127.0.0.1:${port}`, {}));
  t.regex(error?.message ?? '', /^Flink's SQL gateway does not answer at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/);
});

test('stages that are not told in SQL are refused', async (t) => {
  const workload = (await loadWorkload('session-incremental')).create();
  t.throws(() => workloadSql(workload, { events: 'file:///a', rows: 'file:///b' }), {
    message: /^workload 'session-incremental' has a stage that is not told in SQL/,
  });
});

/** Of the first events, with keys as text. */
async function writeCsv(workload: Workload, events: number, file: string): Promise<void> {
  const source = await workload.source({ seed: SEED, endless: true });
  const batch = new EventBatch(events, source);
  source.fill(batch, events);
  const text = Buffer.from(batch.keys.buffer);
  const key = (i: number): string => text.toString('latin1', i * source.keyBytes, (i + 1) * source.keyBytes).replace(/\0+$/, '');
  writeFileSync(
    file,
    Array.from({ length: batch.length }, (_, i) => `${key(i)},${batch.values[i * source.width]},${batch.timestamps[i]}\n`).join(''),
  );
}

if (flink !== undefined) {
  const jobManager = new JobManager(flink.url);
  const settingsOf = (state: string): Record<string, string> => ({
    'execution.target': 'remote',
    'rest.address': '127.0.0.1',
    'rest.port': new URL(flink.url).port,
    'execution.runtime-mode': 'streaming',
    'parallelism.default': '1',
    'table.local-time-zone': 'UTC',
    'state.backend.type': state,
  });
  const gateway = async (): Promise<string> => (await jobManager.settings()).get('statebench.gateway') ?? '';

  for (const [spec, state] of [
    ['flights-delays', 'rocksdb'],
    ['synthetic:keys=500', 'hashmap'],
  ] as const) {
    test.serial(`${spec} on ${state}`, async (t) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'statebench-sql-test-'));
      t.teardown(() => rmSync(folder, { recursive: true, force: true }));
      const [events, rows] = [path.join(folder, 'events.csv'), path.join(folder, 'rows')];
      mkdirSync(rows);
      const workload = (await loadWorkload(spec)).create();
      const count = 30_000;
      await writeCsv(workload, count, events);
      const sql = workloadSql(workload, { events: pathToFileURL(events).href, rows: pathToFileURL(rows).href });
      await using session = await SqlSession.open(await gateway(), settingsOf(state));
      for (const statement of sql.tables) await session.execute(statement, signal);
      await jobManager.finished(await session.insert(sql.insert, signal), signal);
      const got = readdirSync(rows)
        .filter((file) => !file.startsWith('.'))
        .flatMap((file) => readFileSync(path.join(rows, file), 'utf8').trim().split('\n'))
        .map((line) => JSON.parse(line) as { k: string; ws: string; cnt: number; s: number; mn: number; mx: number })
        .map(({ k, ws, cnt, s, mn, mx }) => [Date.parse(ws.replace(' ', 'T')), k, cnt, s, mn, mx].join());
      const expected = (await oracleRows(workload, await workload.source({ seed: SEED, endless: true }), count))
        .filter(({ stage }) => stage === workload.stages.length)
        .map(({ windowStart, key, numbers }) => [windowStart, key.replace(/\0+$/, ''), ...numbers].join());
      t.true(expected.length > 100);
      t.deepEqual(got.sort(), expected.sort());
    });
  }

  test.serial('a statement that Flink does not take is told by its root cause', async (t) => {
    await using session = await SqlSession.open(await gateway(), settingsOf('hashmap'));
    const error = await t.throwsAsync(session.execute('SELEKT 1', signal));
    t.regex(error?.message ?? '', /^Flink's SQL gateway refused GET \S+: CalciteException: Non-query expression/);
    t.false((error?.message ?? '').includes('\tat '));
  });
}
