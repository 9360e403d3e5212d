import { type Scan, StateBatch, type StateStore } from '../../backends/contract.ts';
import { stageKeyBytes, type Workload } from '../../workloads/contract.ts';
import { OutputDigest } from '../output-digest.ts';
import type { Output } from '../results.ts';
import type { SavedPipeline } from './pipeline.ts';
import { SCAN_SLOTS, stageTable } from './stage.ts';

/**
 * What a store holds in all open windows, as the digest of one row per (stage, window, key): the accumulator of an incremental
 * stage, the list of a holistic one in its order. Equals the oracle's `oracleState` at the same event.
 */
export async function stateOutput(workload: Workload, store: StateStore, { events, stages }: SavedPipeline): Promise<Output> {
  const digest = new OutputDigest();
  for (const [index, stage] of workload.stages.entries()) {
    const table = stageTable(stage, index);
    const batch = new StateBatch(SCAN_SLOTS, table);
    const held = table.kind === 'value' ? store.value(table.name) : store.list(table.name);
    for (const window of stages[index]?.openWindows ?? []) {
      const add = (key: Uint32Array, numbers: readonly number[]) =>
        digest.add(index + 1, window, window + stage.window.sizeMs, key, 0, key.length, Float64Array.from(numbers), 0, numbers.length);
      await eachKey(held.scan(window, batch), stageKeyBytes(stage) / 4, add);
    }
  }
  return { atEvent: events, ended: false, rows: digest.rows, digest: digest.hex() };
}

/** Hands on each run of slots with one key: a value, or the elements of a list. */
async function eachKey(scan: Scan, keyWordCount: number, add: (key: Uint32Array, numbers: readonly number[]) => void): Promise<void> {
  let key = new Uint32Array(0);
  let numbers: number[] = [];
  for await (const batch of scan) {
    const width = batch.valueBytes / 8;
    for (let slot = 0; slot < batch.length; slot++) {
      const at = (slot * batch.addressStride) / 4 + 2;
      const words = batch.addressWords.slice(at, at + keyWordCount);
      if (numbers.length > 0 && words.some((word, i) => word !== key[i])) {
        add(key, numbers);
        numbers = [];
      }
      key = words;
      for (let i = 0; i < width; i++) numbers.push(batch.valueDoubles[slot * width + i]!);
    }
  }
  if (numbers.length > 0) add(key, numbers);
}
