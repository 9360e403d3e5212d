import { type Kept, stateOf } from './aggregates.ts';
import { at, copyOf, type Give, type Operator, type OracleEvent } from './operator.ts';

/** A window of activity of one key, with the numbers of its events. */
interface Session {
  readonly start: number;
  readonly end: number;
  readonly events: (readonly number[])[];
}

/** An aggregate over sessions. */
export class SessionOperator implements Operator {
  readonly #gapMs: number;
  readonly #allowedLatenessMs: number;
  readonly #newKept: () => Kept;
  readonly #emit: Give;
  /** By key, those not expired; they neither overlap nor touch. */
  #sessions = new Map<string, readonly Session[]>();
  /** By end, the keys with a session held that ends there: a watermark need not look at all keys. */
  #ending = new Map<number, Set<string>>();
  #watermark = -Infinity;
  late = 0;

  constructor(gapMs: number, allowedLatenessMs: number, newKept: () => Kept, emit: Give) {
    this.#gapMs = gapMs;
    this.#allowedLatenessMs = allowedLatenessMs;
    this.#newKept = newKept;
    this.#emit = emit;
  }

  event({ key, time, numbers }: OracleEvent): void {
    const sessions = this.#sessions.get(key) ?? [];
    const met = sessions.filter(({ start, end }) => end >= time && time + this.#gapMs >= start);
    const start = Math.min(time, ...met.map((session) => session.start));
    const end = Math.max(time + this.#gapMs, ...met.map((session) => session.end));
    if (this.#isExpired(end, this.#watermark)) {
      this.late++;
      return;
    }
    const [first, ...others] = met;
    const events = first?.events ?? [];
    for (const other of others) for (const event of other.events) events.push(event);
    events.push(numbers);
    const merged = { start, end, events };
    for (const session of met) this.#noLongerEnds(key, session.end);
    this.#sessions.set(key, [...sessions.filter((session) => !met.includes(session)), merged]);
    at(this.#ending, end, () => new Set()).add(key);
    if (end - 1 <= this.#watermark) this.#fire(key, merged);
  }

  advance(watermark: number): void {
    for (const end of this.#endsReached(watermark, 0)) {
      for (const key of this.#ending.get(end)!) this.#fire(key, this.#sessions.get(key)!.find((session) => session.end === end)!);
    }
    for (const end of this.#endsReached(watermark, this.#allowedLatenessMs)) {
      for (const key of this.#ending.get(end)!) {
        const kept = this.#sessions.get(key)!.filter((session) => session.end !== end);
        if (kept.length === 0) this.#sessions.delete(key);
        else this.#sessions.set(key, kept);
      }
      this.#ending.delete(end);
    }
    this.#watermark = watermark;
  }

  state(give: Give): void {
    for (const [key, sessions] of this.#sessions) {
      for (const session of sessions) give(session.start, session.end, key, stateOf(this.#folded(session), 'ascending'));
    }
  }

  copy(emit: Give): Operator {
    const copy = new SessionOperator(this.#gapMs, this.#allowedLatenessMs, this.#newKept, emit);
    copy.#sessions = copyOf(this.#sessions, (sessions) => sessions.map((session) => ({ ...session, events: [...session.events] })));
    copy.#ending = copyOf(this.#ending, (keys) => new Set(keys));
    copy.#watermark = this.#watermark;
    copy.late = this.late;
    return copy;
  }

  /**
   * Ends, ascending, of sessions for which `end − 1 + afterMs` lies beyond the watermark so far and not beyond the new one. Looks at each
   * millisecond between the two or at each end that there is, whichever are fewer.
   */
  #endsReached(watermark: number, afterMs: number): number[] {
    const first = this.#watermark + 2 - afterMs;
    const last = watermark + 1 - afterMs;
    if (last - first >= this.#ending.size || !Number.isFinite(last - first)) {
      return [...this.#ending.keys()].filter((end) => end >= first && end <= last).sort((a, b) => a - b);
    }
    const ends: number[] = [];
    for (let end = first; end <= last; end++) if (this.#ending.has(end)) ends.push(end);
    return ends;
  }

  #noLongerEnds(key: string, end: number): void {
    const keys = this.#ending.get(end)!;
    keys.delete(key);
    if (keys.size === 0) this.#ending.delete(end);
  }

  #fire(key: string, session: Session): void {
    this.#emit(session.start, session.end, key, this.#folded(session).result());
  }

  #folded({ events }: Session): Kept {
    const kept = this.#newKept();
    for (const numbers of events) kept.add(numbers);
    return kept;
  }

  #isExpired(end: number, watermark: number): boolean {
    return end - 1 + this.#allowedLatenessMs <= watermark;
  }
}
