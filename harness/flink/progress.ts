/** Reads where the source of a job on Flink was, and when: what `job/Progress.java` writes. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const RECORD_BYTES = 24;
const KINDS = ['goes-on', 'begins', 'ends'] as const;

/** One record of a subtask of the source. */
export interface Mark {
  readonly kind: (typeof KINDS)[number];
  /** In ms since 1970. */
  readonly atMs: number;
  /** The subtask's own next event, from 0. */
  readonly next: number;
}

/** Where the whole source was: events that its subtasks had given, together. */
export interface Position {
  readonly atMs: number;
  readonly events: number;
}

/** The marks of every subtask that has begun, each in the order of time. */
export function readMarks(folder: string): readonly (readonly Mark[])[] {
  return readdirSync(folder)
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map((file) => marksIn(readFileSync(path.join(folder, file))));
}

function numberOf(file: string): number {
  return Number(file.slice(file.lastIndexOf('-') + 1));
}

/** A record that is being written is left out. */
function marksIn(bytes: Buffer): readonly Mark[] {
  return Array.from({ length: Math.floor(bytes.length / RECORD_BYTES) }, (_, i) => {
    const at = i * RECORD_BYTES;
    const kind = KINDS[Number(bytes.readBigInt64LE(at))] ?? 'goes-on';
    return { kind, atMs: Number(bytes.readBigInt64LE(at + 8)), next: Number(bytes.readBigInt64LE(at + 16)) };
  });
}

/** Events given so far, by all subtasks. */
export function eventsOf(subtasks: readonly (readonly Mark[])[]): number {
  return subtasks.reduce((sum, marks) => sum + (marks.at(-1)?.next ?? 0), 0);
}

/** The marks of every subtask's last attempt. */
export function lastAttempt(subtasks: readonly (readonly Mark[])[]): readonly (readonly Mark[])[] {
  return subtasks.map((marks) => marks.slice(marks.findLastIndex(({ kind }) => kind === 'begins')));
}

/** Where the source was at every mark of any subtask, of one attempt: subtasks in between are taken to go evenly. */
export function positionsOf(subtasks: readonly (readonly Mark[])[]): readonly Position[] {
  const times = [...new Set(subtasks.flatMap((marks) => marks.map(({ atMs }) => atMs)))].sort((a, b) => a - b);
  return times.map((atMs) => ({ atMs, events: subtasks.reduce((sum, marks) => sum + eventsAt(marks, atMs), 0) }));
}

function eventsAt(marks: readonly Mark[], atMs: number): number {
  const after = marks.findIndex((mark) => mark.atMs > atMs);
  if (after === 0) return marks[0]!.next;
  const last = marks[(after === -1 ? marks.length : after) - 1];
  const next = marks[after];
  if (last === undefined || next === undefined) return last?.next ?? 0;
  return last.next + ((next.next - last.next) * (atMs - last.atMs)) / (next.atMs - last.atMs);
}

/** When the source had given `events` events; null if it never had. */
export function timeAt(positions: readonly Position[], events: number): number | null {
  const index = positions.findIndex((position) => position.events >= events);
  const [before, after] = [positions[index - 1], positions[index]];
  if (after === undefined) return null;
  if (before === undefined || after.events === before.events) return after.atMs;
  return before.atMs + ((after.atMs - before.atMs) * (events - before.events)) / (after.events - before.events);
}

/** How many events the source had given at a time. */
export function eventsAtTime(positions: readonly Position[], atMs: number): number {
  const index = positions.findIndex((position) => position.atMs > atMs);
  if (index === -1) return positions.at(-1)?.events ?? 0;
  const [before, after] = [positions[index - 1], positions[index]!];
  if (before === undefined) return after.events;
  return before.events + ((after.events - before.events) * (atMs - before.atMs)) / (after.atMs - before.atMs);
}
