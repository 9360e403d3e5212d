import { z } from 'zod';
import { caveatsOf } from './caveats.ts';
import { decide } from './decision.ts';
import type { Results } from './read-results.ts';
import { asText } from './recommend/phrase.ts';
import { checkModel } from './recovery-model.ts';
import { GROWTHS } from './statistics/growth.ts';
import { unsteadyWords } from './statistics/headline.ts';
import { METRIC_NAMES } from './statistics/metrics.ts';
import { recoveriesOf } from './statistics/recoveries.ts';
import type { Sample } from './statistics/sample.ts';
import { crossingsOf, scalingsOf } from './statistics/scaling.ts';
import { levelOf } from './statistics/sequential.ts';
import { stateSizesOf } from './statistics/state-sizes.ts';
import { type CellSummary, everyGroup, type RunSummary, summarise } from './statistics/summary.ts';

const fit = z.strictObject({
  growth: z.enum(GROWTHS),
  /** y = constant + slope · g(n). */
  constant: z.number(),
  slope: z.number(),
  /** Root mean square of what the fit misses, as a fraction; and of each size foretold from the others. */
  residual: z.number(),
  foretold: z.number(),
});
const interval = z.strictObject({ low: z.number(), high: z.number() });
const sample = z.strictObject({
  n: z.int().positive(),
  median: z.number(),
  min: z.number(),
  max: z.number(),
  cv: z.number().nullable(),
  mean: z.number(),
  interval: interval.nullable(),
  sdLog: z.number().nullable(),
});

/** `summary.json`: what the report says, for programs. Everything in it follows from plan, environment and trials. */
export const summarySchema = z.strictObject({
  schema: z.literal(1),
  suite: z.string(),
  profile: z.string(),
  reference: z.string(),
  caveats: z.array(z.string()),
  /** Of each workload that was measured with several sizes of state. */
  scaling: z.array(
    z.strictObject({
      workload: z.string(),
      batchSize: z.int(),
      parallelism: z.int().positive(),
      costs: z.array(
        z.strictObject({
          backend: z.string(),
          /** Time per event in ns over entries, a checkpoint in ms over entries, a restore in ms over bytes. */
          quantity: z.enum(['event', 'checkpoint', 'recovery']),
          claim: z.enum(GROWTHS),
          points: z.array(z.strictObject({ n: z.number(), y: z.number() })),
          claimed: fit.nullable(),
          best: fit.nullable(),
          /** Whether even the best fit misses more than 10 %. */
          isPoor: z.boolean(),
        }),
      ),
      /** Where two backends change places: `below` is faster below so many entries. */
      crossovers: z.array(z.strictObject({ below: z.string(), above: z.string(), entries: z.number(), interval })),
    }),
  ),
  /** A/A: every metric of every backend that was measured twice, against itself; Holm-adjusted over all of them. */
  twins: z.array(
    z.strictObject({
      /** Ids of cells. */
      cell: z.string(),
      of: z.string(),
      metric: z.enum(METRIC_NAMES),
      ratio: z.number(),
      interval: interval.nullable(),
      blocks: z.int(),
      /** Whether the twin is shown to differ from its original by 5 % or more: the metric then decides nothing in this run. */
      differs: z.boolean(),
      mayDecide: z.boolean(),
      /** Smallest effect on the metric that may be decided here, as a fraction. */
      smallestEffect: z.number().nullable(),
    }),
  ),
  trials: z.strictObject({ completed: z.int(), failed: z.int(), wrong: z.int(), superseded: z.int() }),
  groups: z.array(
    z.strictObject({
      workload: z.string(),
      storage: z.string(),
      batchSize: z.int(),
      parallelism: z.int().positive(),
      /** What the working state must survive for a cell to compete. */
      need: z.enum(['volatile', 'process-crash', 'os-crash']),
      headline: z.string(),
      why: z.string(),
      /** Ids of cells, best tier first; null where the data support no tiers. */
      tiers: z.array(z.array(z.string())).nullable(),
      /** The same of Flink's state backends among themselves, which are not among the others. */
      flinkTiers: z.array(z.array(z.string())).nullable(),
      cells: z.array(
        z.strictObject({
          id: z.string(),
          backend: z.string(),
          durability: z.enum(['volatile', 'process-crash', 'os-crash']),
          role: z.enum(['candidate', 'harness-cost']),
          standing: z.enum(['correct', 'wrong', 'failed', 'unchecked', 'missing', 'harness-cost']),
          tier: z.int().positive().nullable(),
          againstReference: z
            .strictObject({
              verdict: z.enum(['faster', 'slower', 'equivalent', 'unresolved', 'insufficient']),
              blocksNeeded: z.int().nullable(),
              /** The smallest difference, as a fraction, that data of this noise show in 9 of 10 repetitions. */
              detectable: z.number().nullable(),
              ratio: z.number().nullable(),
              interval: interval.nullable(),
              blocks: z.int(),
            })
            .nullable(),
          /** That its trials reached no steady state, in a sentence; null where they did or are too short to say. */
          noSteadyState: z.string().nullable().default(null),
          metrics: z.partialRecord(z.enum(METRIC_NAMES), sample),
          /** How well the model of recovery predicts each block's restore and replay from the other blocks; null where it was not measured. */
          recoveryModel: z
            .strictObject({ blocks: z.int(), medianError: z.number().nullable(), withheld: z.enum(['too-few-blocks', 'error']).nullable() })
            .nullable()
            .optional(),
        }),
      ),
    }),
  ),
});
export type SummaryFile = z.infer<typeof summarySchema>;

/** What goes into `summary.json`. */
export function summaryFile(results: Results, run: RunSummary = summarise(results.plan, results.trials)): SummaryFile {
  const { plan } = results;
  return {
    schema: 1,
    suite: plan.suite,
    profile: plan.profile.name,
    reference: plan.reference,
    caveats: caveatsOf(results, run).map(({ text }) => text),
    scaling: stateSizesOf(run).map((sizes) => ({
      workload: sizes.name,
      batchSize: sizes.batchSize,
      parallelism: sizes.parallelism,
      costs: scalingsOf(sizes).map(({ backend, claim, points, claimed, best, isPoor }) => ({
        backend,
        quantity: claim.quantity,
        claim: claim.growth,
        points: [...points],
        claimed,
        best,
        isPoor,
      })),
      crossovers: crossingsOf(sizes, levelOf(plan.profile)).map(({ below, above, at: { n, low, high } }) => ({
        below,
        above,
        entries: n,
        interval: { low, high },
      })),
    })),
    twins: run.twins.map(({ id, other, metric, ratio, differs, mayDecide }) => ({
      cell: id,
      of: other,
      metric,
      ratio: ratio.ratio,
      interval: ratio.interval,
      blocks: ratio.n,
      differs,
      mayDecide,
      smallestEffect:
        everyGroup(run)
          .find(({ candidates }) => candidates.some(({ cell }) => cell.id === id))
          ?.decides(metric).smallestEffect ?? null,
    })),
    trials: { ...run.trials },
    groups: everyGroup(run).map((group) => {
      const { headline, why } = decide(group, plan, run);
      return {
        workload: group.workload.name,
        storage: group.storage.name,
        batchSize: group.batchSize,
        parallelism: group.parallelism,
        need: group.need,
        headline,
        why: asText(why),
        tiers: group.tiers?.map(({ members }) => [...members]) ?? null,
        flinkTiers: group.flinkTiers?.map(({ members }) => [...members]) ?? null,
        cells: [...group.candidates, ...(group.harness === null ? [] : [group.harness])].map(cellOf),
      };
    }),
  };
}

function cellOf({ cell, standing, tier, againstReference, metrics, trials }: CellSummary): SummaryFile['groups'][number]['cells'][number] {
  const measured = METRIC_NAMES.map((name) => [name, metrics[name]] as const).filter(
    (entry): entry is [(typeof METRIC_NAMES)[number], Sample] => entry[1] !== null,
  );
  return {
    id: cell.id,
    backend: cell.backend.name,
    durability: cell.backend.durability,
    role: cell.role,
    standing,
    tier,
    againstReference:
      againstReference === null
        ? null
        : {
            verdict: againstReference.verdict.word,
            blocksNeeded: againstReference.verdict.blocksNeeded,
            detectable: againstReference.verdict.detectable,
            ratio: againstReference.ratio?.ratio ?? null,
            interval: againstReference.ratio?.interval ?? null,
            blocks: againstReference.ratio?.n ?? 0,
          },
    noSteadyState: unsteadyWords({ trials }),
    metrics: Object.fromEntries(measured),
    recoveryModel: recoveryModelOf(trials),
  };
}

function recoveryModelOf(trials: CellSummary['trials']): SummaryFile['groups'][number]['cells'][number]['recoveryModel'] {
  const all = recoveriesOf(trials);
  if (all === null || all.length === 0) return null;
  const { blocks, error, withheld } = checkModel(all);
  return { blocks, medianError: error, withheld };
}
