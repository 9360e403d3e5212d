import type { SlidingWindow, TumblingWindow } from '../../workloads/contract.ts';

/** Starts of the windows that hold a time, ascending. */
export function windowStarts(window: TumblingWindow | SlidingWindow, time: number): number[] {
  const { sizeMs, offsetMs } = window;
  const slideMs = window.kind === 'sliding' ? window.slideMs : sizeMs;
  const starts: number[] = [];
  // Starts are offset + n × slide: the first is the least one above time − size, the last the greatest up to time.
  const first = Math.floor((time - sizeMs - offsetMs) / slideMs) + 1;
  for (let start = first * slideMs + offsetMs; start <= time; start += slideMs) starts.push(start);
  return starts;
}
