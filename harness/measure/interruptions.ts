import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import type { Interruptions } from '../results-noise.ts';

const KINDS: Readonly<Record<number, Interruptions['garbage'][number]['kind']>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weak-callbacks',
};
const RESOLUTION_MS = 10;

/** Counts what interrupts a process: garbage being collected, and the event loop standing still. */
export class InterruptionWatch {
  readonly #garbage = new Map<Interruptions['garbage'][number]['kind'], { count: number; ms: number; longestMs: number }>();
  readonly #observer = new PerformanceObserver((list) => this.#add(list.getEntries()));
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#delay.enable();
  }

  stop(): Interruptions {
    this.#add(this.#observer.takeRecords());
    this.#observer.disconnect();
    this.#delay.disable();
    return {
      garbage: [...this.#garbage].map(([kind, figures]) => ({ kind, ...figures })),
      // What it tells is the time between two ticks of its timer.
      loopDelayLongestMs: Math.max(0, this.#delay.max / 1e6 - RESOLUTION_MS),
    };
  }

  #add(entries: readonly { readonly duration: number; readonly detail?: unknown }[]): void {
    for (const { duration, detail } of entries) {
      const kind = KINDS[(detail as { readonly kind?: number } | undefined)?.kind ?? 0] ?? 'minor';
      const known = this.#garbage.get(kind) ?? { count: 0, ms: 0, longestMs: 0 };
      known.count++;
      known.ms += duration;
      known.longestMs = Math.max(known.longestMs, duration);
      this.#garbage.set(kind, known);
    }
  }
}
