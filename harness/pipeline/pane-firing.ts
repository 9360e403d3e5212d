import type { ListTable, StateBatch, ValueTable } from '../../backends/contract.ts';
import { KeyIndex } from './key-index.ts';
import { voidMissingBytes } from './returned-bytes.ts';
import { SCAN_SLOTS } from './stage.ts';
import type { StageWindows } from './stage-windows.ts';
import type { WindowRows } from './window-rows.ts';

/** What a window's panes hold, gathered by the number of the key. */
export interface GatheredPanes {
  /** Takes a batch of a scan. */
  gather(batch: StateBatch, keys: KeyIndex): void;
  /** Writes the results of keys `from` … `from + count − 1` to the beginning of `numbers`. */
  results(from: number, count: number, numbers: Float64Array): void;
}

/**
 * Fires a window of panes: they are scanned one after the other, what they hold is gathered by key, in memory, since a scan has no
 * order, and each key gives a row.
 * @param rows with room for {@link SCAN_SLOTS}
 */
export function paneFiring(
  table: ValueTable | ListTable,
  windows: StageWindows,
  scanBatch: StateBatch,
  rows: WindowRows,
  panes: GatheredPanes,
): (startMs: number) => Promise<void> {
  const keys = new KeyIndex(scanBatch.keyBytes);
  return async (startMs) => {
    const endMs = startMs + windows.sizeMs;
    keys.clear();
    for (let paneMs = startMs; paneMs < endMs; paneMs += windows.slideMs) {
      for await (const batch of table.scan(paneMs, scanBatch)) {
        voidMissingBytes(batch);
        panes.gather(batch, keys);
      }
    }
    rows.begin(startMs, endMs);
    for (let from = 0; from < keys.count; from += SCAN_SLOTS) {
      const count = Math.min(SCAN_SLOTS, keys.count - from);
      panes.results(from, count, rows.numbers);
      const pending = rows.emit(keys.keyWords, keys.keyWordCount, from * keys.keyWordCount, keys.keyWordCount, count);
      if (pending) await pending;
    }
  };
}
