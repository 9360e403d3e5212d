import { ResultsError } from '../results-error.ts';
import type { Interval } from '../statistics/sample.ts';
import { COMPARED_METRICS, type ComparedMetric } from './compared-metrics.ts';

/** A limit on how much worse (or how little better) the second run may be than the first. */
export interface Gate {
  /** As it was written. */
  readonly text: string;
  readonly metric: ComparedMetric;
  readonly direction: '<' | '>';
  /** B / A − 1: −0.05 is "5 % less". */
  readonly limit: number;
}

/**
 * `failed` where the whole interval lies beyond the limit, `passed` where all of it lies within, `undecided` where the limit lies in it
 * or there is no interval, `not-measured` where a run has no figure.
 */
export type GateState = 'failed' | 'passed' | 'undecided' | 'not-measured';

const FORM = /^\s*(?<key>[a-z][a-z0-9.-]*?)\s*(?<direction>[<>])\s*(?<number>[+-]?\d+(?:\.\d+)?)\s*%\s*$/i;

/** Reads `throughput<-5%`, `p99>10%`. @throws ResultsError `bad-gate`, with the form or the nearest metrics */
export function parseGate(text: string): Gate {
  const { key = '', direction, number } = FORM.exec(text)?.groups ?? {};
  if (direction === undefined)
    throw bad(
      text,
      `it takes METRIC<-PERCENT% or METRIC>PERCENT%, such as 'throughput<-5%' or 'p99>10%', in quotes, since a shell takes < and > for files`,
    );
  const metric = COMPARED_METRICS.find((one) => one.key === key.toLowerCase());
  if (metric === undefined) throw bad(text, `there is no metric '${key}'. There is: ${COMPARED_METRICS.map((one) => one.key).join(', ')}`);
  const limit = Number(number) / 100;
  if (limit <= -1) throw bad(text, 'nothing can lose 100 % or more');
  const isBetterSide = direction === (metric.better === 'higher' ? '>' : '<');
  const failsUnchanged = direction === '>' ? limit < 0 : limit > 0;
  if (isBetterSide && failsUnchanged) {
    const turned = `${metric.key}${direction === '>' ? '<' : '>'}${number}%`;
    throw bad(text, `this fails a run that is the same or better; did you mean '${turned}'?`);
  }
  return { text, metric, direction: direction as '<' | '>', limit };
}

function bad(text: string, why: string): ResultsError {
  return new ResultsError('bad-gate', `--fail-on '${text}': ${why}`);
}

/** @param interval of B / A; null if there is none. */
export function gateState({ direction, limit }: Pick<Gate, 'direction' | 'limit'>, interval: Interval | null): GateState {
  if (interval === null) return 'undecided';
  const edge = 1 + limit;
  const [beyond, within] = direction === '<' ? [interval.high < edge, interval.low >= edge] : [interval.low > edge, interval.high <= edge];
  return beyond ? 'failed' : within ? 'passed' : 'undecided';
}
