/** One trial's figures from those of its processes. What one process measured alone comes out as it was. */
import { Histogram } from '../measure/histogram.ts';
import { OutputDigest } from '../output-digest.ts';
import type { Calls, Checkpoint, CompletedTrial, HistogramData, Output } from '../results.ts';
import type { MeasureResult, StreamPlan } from './tasks.ts';

type Merged = Pick<
  CompletedTrial,
  'throughput' | 'parts' | 'time' | 'batchTime' | 'calls' | 'checkpoints' | 'liveState' | 'disk' | 'unavailable'
>;

/** @param parts in order, at least one */
export function mergeMeasured(parts: readonly MeasureResult[], stream: StreamPlan): Merged {
  const startNs = Math.min(...parts.map((part) => part.startNs));
  const seconds = (Math.max(...parts.map((part) => part.endNs)) - startNs) / 1e9;
  const sum = (of: (part: MeasureResult) => number) => parts.reduce((total, part) => total + of(part), 0);
  const sumOrNull = (of: (part: MeasureResult) => number | null) =>
    parts.some((part) => of(part) === null) ? null : sum((part) => of(part)!);
  const batches = sum((part) => part.batches);
  const merged = (of: (part: MeasureResult) => HistogramData) => mergeHistograms(parts.map(of));
  const wholeSeconds = Math.min(...parts.map(({ perSecond }) => perSecond.length));
  const bySecond = <T>(of: (second: number) => T) => Array.from({ length: wholeSeconds }, (_, second) => of(second));
  return {
    throughput: {
      eventsPerSecond: stream.measured / seconds,
      measuredSeconds: seconds,
      cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
      ...(batches > 0 && { meanBatchEvents: sum((part) => part.events) / batches }),
      perSecond: bySecond((second) => sum(({ perSecond }) => perSecond[second]!)),
    },
    parts: parts.map((part) => ({ events: part.events, measuredSeconds: (part.endNs - part.startNs) / 1e9 })),
    time: {
      storeSeconds: sum(({ time }) => time.storeSeconds),
      sourceSeconds: sum(({ time }) => time.sourceSeconds),
      checkpointSeconds: sum(({ time }) => time.checkpointSeconds),
      pipelineSeconds: sum(({ time }) => time.pipelineSeconds),
    },
    batchTime: {
      all: merged(({ batchTime }) => batchTime.all),
      duringCheckpoint: merged(({ batchTime }) => batchTime.duringCheckpoint),
      p99MsPerSecond: bySecond((second) => {
        const known = parts.map(({ batchTime }) => batchTime.p99MsPerSecond[second] ?? null).filter((ms) => ms !== null);
        return known.length === 0 ? null : Math.max(...known);
      }),
    },
    calls: mergeCalls(parts.map(({ calls }) => calls)),
    checkpoints: parts
      .flatMap((measured, part) => checkpointsOf(measured, part + 1, startNs, stream))
      .sort((a, b) => a.atSeconds - b.atSeconds),
    liveState: { entries: sum(({ liveState }) => liveState.entries), bytes: sum(({ liveState }) => liveState.bytes) },
    disk: {
      workingBytes: sumOrNull(({ disk }) => disk.workingBytes),
      checkpointBytes: sumOrNull(({ disk }) => disk.checkpointBytes),
      stateBytesWritten: sum(({ disk }) => disk.stateBytesWritten ?? 0),
    },
    unavailable: Object.assign({}, ...parts.map(({ unavailable }) => unavailable)),
  };
}

/** The output of all parts of one stream together. @throws RangeError unless they are at one event of it */
export function sumOutputs(outputs: readonly Output[]): Output {
  const { atEvent, ended } = outputs[0]!;
  if (outputs.some((output) => output.atEvent !== atEvent || output.ended !== ended))
    throw new RangeError(`outputs at events ${outputs.map((output) => output.atEvent).join(', ')} are not of one stream at one event`);
  const digest = OutputDigest.load(OutputDigest.sum(outputs.map(({ rows, digest: hex }) => OutputDigest.parse(rows, hex))));
  return { atEvent, ended, rows: digest.rows, digest: digest.hex() };
}

/** What each stage dropped as late, in all parts of one stream together. */
export function sumLate(parts: readonly { readonly lateByStage: readonly number[] }[]): number[] {
  return parts[0]!.lateByStage.map((_, stage) => parts.reduce((sum, { lateByStage }) => sum + lateByStage[stage]!, 0));
}

function mergeHistograms(histograms: readonly HistogramData[]): HistogramData {
  const all = new Histogram();
  for (const histogram of histograms) all.add(histogram);
  return all.save();
}

/** Calls of one kind on one table become one entry. */
function mergeCalls(parts: readonly (readonly Calls[])[]): Calls[] {
  const kinds = new Map<string, Calls[]>();
  for (const one of parts.flat()) {
    const kind = `${one.stage} ${one.operation} ${one.table}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  return [...kinds.values()].map((same) => ({
    ...same[0]!,
    calls: same.reduce((total, { calls }) => total + calls, 0),
    slots: same.reduce((total, { slots }) => total + slots, 0),
    bytes: same.reduce((total, { bytes }) => total + bytes, 0),
    time: mergeHistograms(same.map(({ time }) => time)),
  }));
}

/** Over less than this a rate is not known. */
const SHORTEST_NS = 10e6;

function checkpointsOf({ startNs, endNs, checkpoints }: MeasureResult, part: number, fromNs: number, { warmUp }: StreamPlan): Checkpoint[] {
  let before = { ns: startNs, event: warmUp };
  return checkpoints.map(({ startNs: cutNs, endNs: _, untilNs: durableNs, untilEvent, ...figures }) => {
    const isKnown = cutNs - before.ns >= SHORTEST_NS && durableNs <= endNs;
    const perNs = (figures.atEvent - before.event) / (cutNs - before.ns);
    const eventsLost = Math.round(perNs * (durableNs - cutNs) - (untilEvent - figures.atEvent));
    if (durableNs > startNs) before = { ns: durableNs, event: untilEvent };
    return { part, ...figures, atSeconds: (cutNs - fromNs) / 1e9, ...(isKnown && { eventsLost }) };
  });
}
