/** Every operator as workloads, each small enough to be run on every backend in several ways. */

/** An operator by the name of the table of operators, with workloads of it as the command line takes them. */
export interface OperatorCase {
  readonly operator: string;
  /** The plain one, keyed. */
  readonly workload: string;
  /** All under one key, with panes, with allowed lateness, with the widest accumulators. */
  readonly variants: readonly string[];
}

/** Watermarks of which none falls on a checkpoint, and events that come after them: half of those out of order. */
const EVENTS = 'events=600,keys=24,keyBytes=8,ratePerSecond=400,watermarkEvery=37,delay=150,disorder=0.3,disorderMs=300';
const SOME_LATE = `${EVENTS},late=0.03`;
const PAYLOAD = 'payload=uniform,payloadBytes=40,payloadSpread=20';
const HOT = 'distribution=zipf,exponent=1.1';

export const OPERATOR_CASES: readonly OperatorCase[] = [
  {
    operator: 'continuous aggregation',
    workload: `continuous-aggregation:${EVENTS},${HOT}`,
    variants: [`continuous-aggregation:${EVENTS},keyed=false,aggregate=top-k,${PAYLOAD}`],
  },
  {
    operator: 'tumbling incremental',
    workload: `tumbling-incremental:${SOME_LATE},size=400,${HOT}`,
    variants: [
      `tumbling-incremental:${SOME_LATE},size=400,keyed=false,aggregate=average,lateness=200`,
      `tumbling-incremental:${SOME_LATE},size=250,aggregate=distinct,precision=14,${PAYLOAD},lateness=500`,
    ],
  },
  {
    operator: 'tumbling holistic',
    workload: `tumbling-holistic:${SOME_LATE},size=400,${PAYLOAD}`,
    variants: [
      `tumbling-holistic:${SOME_LATE},size=400,keyed=false,aggregate=exact-distinct,lateness=200`,
      `tumbling-holistic:${SOME_LATE},size=250,${HOT},lateness=500`,
    ],
  },
  {
    operator: 'sliding incremental',
    workload: `sliding-incremental:${SOME_LATE},size=400,slide=100,${HOT}`,
    variants: [
      `sliding-incremental:${SOME_LATE},size=400,slide=100,keyed=false,aggregate=quantiles,sketchBits=6`,
      `sliding-incremental:${SOME_LATE},size=400,slide=100,panes=true,aggregate=top-k,k=1000,${PAYLOAD}`,
      `sliding-incremental:${SOME_LATE},size=400,slide=200,lateness=300`,
      `sliding-incremental:${SOME_LATE},size=400,slide=100,panes=true,keyed=false,lateness=300`,
    ],
  },
  {
    operator: 'sliding holistic',
    workload: `sliding-holistic:${SOME_LATE},size=400,slide=100,${PAYLOAD}`,
    variants: [
      `sliding-holistic:${SOME_LATE},size=400,slide=100,keyed=false,aggregate=exact-distinct`,
      `sliding-holistic:${SOME_LATE},size=400,slide=100,panes=true,${HOT}`,
      `sliding-holistic:${SOME_LATE},size=400,slide=200,lateness=300`,
      `sliding-holistic:${SOME_LATE},size=400,slide=100,panes=true,keyed=false,lateness=300`,
    ],
  },
  {
    operator: 'session incremental',
    workload: `session-incremental:${SOME_LATE},gap=40,${HOT}`,
    variants: [
      `session-incremental:${SOME_LATE},gap=3,keyed=false,aggregate=average`,
      `session-incremental:${SOME_LATE},gap=60,lateness=200,aggregate=top-k,${PAYLOAD}`,
    ],
  },
  {
    operator: 'session holistic',
    workload: `session-holistic:${SOME_LATE},gap=40,${PAYLOAD}`,
    variants: [
      `session-holistic:${SOME_LATE},gap=3,keyed=false,aggregate=exact-distinct`,
      `session-holistic:${SOME_LATE},gap=60,lateness=200,${HOT}`,
    ],
  },
  {
    operator: 'window join',
    workload: `window-join:${SOME_LATE},size=200,${PAYLOAD}`,
    variants: [`window-join:${SOME_LATE},window=sliding,size=200,slide=100,right=0.8,${HOT}`],
  },
  {
    operator: 'interval join',
    workload: `interval-join:${SOME_LATE},lower=-60,upper=90,${HOT}`,
    variants: [`interval-join:${SOME_LATE},lower=20,upper=200,right=0.3,${PAYLOAD}`],
  },
  {
    operator: 'continuous join',
    workload: `continuous-join:${EVENTS},${HOT}`,
    variants: [`continuous-join:${EVENTS},right=0.7,ends=0.2,${PAYLOAD}`],
  },
];
