import { type SlidingWindow, WorkloadError } from '../contract.ts';

/**
 * Sliding windows that start `offsetMs` after multiples of the slide since 1970.
 * @throws WorkloadError `impossible-settings` if size and slide do not fit together
 */
export function sliding(sizeMs: number, slideMs: number, panes = false, offsetMs = 0): SlidingWindow {
  if (slideMs > sizeMs) {
    throw new WorkloadError(
      'impossible-settings',
      `slide ${slideMs} ms is greater than size ${sizeMs} ms: events between two windows would be in none; choose a slide of at most the size`,
    );
  }
  if (sizeMs % slideMs !== 0) {
    throw new WorkloadError('impossible-settings', `size ${sizeMs} ms is not a multiple of slide ${slideMs} ms: choose one that is`);
  }
  return { kind: 'sliding', sizeMs, slideMs, offsetMs, panes };
}
