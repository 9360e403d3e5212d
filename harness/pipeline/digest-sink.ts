import { type DigestState, OutputDigest } from '../output-digest.ts';
import type { FiredRows, SavedSink, Sink } from './sink.ts';

/** Keeps of all rows only their digest: enough to tell whether the output was right, at no cost worth naming. */
export class DigestSink implements Sink {
  #digest = new OutputDigest();

  get rows(): number {
    return this.#digest.rows;
  }

  hex(): string {
    return this.#digest.hex();
  }

  accept({ stage, startsMs, endsMs, count, keyWords, keyStrideWords, keyAtWord, keyWordCount, numbers, width }: FiredRows): void {
    for (let row = 0; row < count; row++) {
      const key = row * keyStrideWords + keyAtWord;
      this.#digest.add(stage, startsMs[row]!, endsMs[row]!, keyWords, key, keyWordCount, numbers, row * width, width);
    }
  }

  save(): SavedSink {
    return { ...this.#digest.save() };
  }

  restore(saved: SavedSink | null): void {
    this.#digest = saved === null ? new OutputDigest() : OutputDigest.load(saved as unknown as DigestState);
  }
}
