/** Symbols as the charts draw them, within ± 5 units, for swatches in the page. */
export const SHAPES = {
  circle: 'M-4.5,0A4.5,4.5,0,1,1,4.5,0A4.5,4.5,0,1,1,-4.5,0Z',
  square: 'M-4,-4H4V4H-4Z',
  'triangle-up': 'M0,-4.8L5,4H-5Z',
  diamond: 'M0,-5.4L4.6,0L0,5.4L-4.6,0Z',
  'triangle-down': 'M0,4.8L5,-4H-5Z',
  cross: 'M-1.7,-5H1.7V-1.7H5V1.7H1.7V5H-1.7V1.7H-5V-1.7H-1.7Z',
  'triangle-right': 'M4.8,0L-4,5V-5Z',
  /** The null backend's alone. */
  bar: 'M-5,-1.8H5V1.8H-5Z',
} as const;

export type Shape = keyof typeof SHAPES;

/** What vega calls the shape: the null backend's it has not, and takes as a path within ± 1. */
export function vegaShape(shape: Shape): string {
  return shape === 'bar' ? 'M-1,-0.4L1,-0.4L1,0.4L-1,0.4Z' : shape;
}
