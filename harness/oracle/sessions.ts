import { type Kept, stateOf } from './aggregates.ts';
import { copyOf, type Give, type Operator, type OracleEvent } from './operator.ts';

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
    this.#sessions.set(key, [...sessions.filter((session) => !met.includes(session)), merged]);
    if (end - 1 <= this.#watermark) this.#fire(key, merged);
  }

  advance(watermark: number): void {
    const due: { readonly key: string; readonly session: Session }[] = [];
    for (const [key, sessions] of this.#sessions) {
      let someExpired = false;
      for (const session of sessions) {
        if (session.end - 1 > this.#watermark && session.end - 1 <= watermark) due.push({ key, session });
        if (this.#isExpired(session.end, watermark)) someExpired = true;
      }
      if (!someExpired) continue;
      const kept = sessions.filter((session) => !this.#isExpired(session.end, watermark));
      if (kept.length === 0) this.#sessions.delete(key);
      else this.#sessions.set(key, kept);
    }
    due.sort((a, b) => a.session.end - b.session.end);
    for (const { key, session } of due) this.#fire(key, session);
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
    copy.#watermark = this.#watermark;
    copy.late = this.late;
    return copy;
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
