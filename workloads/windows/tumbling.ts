import type { TumblingWindow } from '../contract.ts';

/** Windows of one size end to end, which start `offsetMs` after multiples of it since 1970. */
export function tumbling(sizeMs: number, offsetMs = 0): TumblingWindow {
  return { kind: 'tumbling', sizeMs, offsetMs };
}
