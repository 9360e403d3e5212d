import type { TableSpec } from '../../backends/contract.ts';
import { StatebenchError, suggestion } from '../errors.ts';
import { linesOf } from './text-lines.ts';
import { CallBatch, hashSlots, type Trace, type TraceCall } from './trace.ts';
import type { CallKind } from './trace-format.ts';

const VERBS = ['get', 'put', 'merge', 'delete', 'scan', 'next'] as const;
type Verb = (typeof VERBS)[number];

const VALUES = 0;
const LISTS = 1;
const KEY_BYTES_MAX = 1024;
/** Slots a scan takes at a time. */
const SCAN_SLOTS = 1024;
/** The text form has no windows. */
const WINDOW = 0;

export interface TextRequest {
  /** Bytes of every value: the text form does not say. */
  readonly valueBytes: number;
  /** Whether bad lines are passed over and counted. */
  readonly skipBad: boolean;
}

/**
 * Opens a trace in the text form of Gadget (Asyabi et al., EuroSys 2022), `<timestamp> <get|put|merge|delete|scan|next> <key>` a
 * line, having read all of it. Every line is a call: get reads, put and delete write, merge appends to a list; where a key has a
 * list, get scans it, and put and delete remove it. A scan and the nexts behind it are one scan that is stopped after as many slots.
 * @throws StatebenchError `bad-data` naming file and line, unless bad lines are to be skipped; `missing-data`
 */
export async function openGadgetText(file: string, { valueBytes, skipBad }: TextRequest): Promise<Trace> {
  let keyBytes = 4;
  let calls = 0;
  let badLines = 0;
  const bad = (line: number, problem: string): void => {
    badLines++;
    if (skipBad) return;
    throw new StatebenchError(
      'bad-data',
      `${file}:${line}: ${problem}. A line is <timestamp> <${VERBS.join('|')}> <key>; --skip-bad passes over lines that are not`,
    );
  };
  for await (const step of stepsOf(file, bad)) {
    calls++;
    if (step.key.length > keyBytes) keyBytes = Math.ceil(step.key.length / 4) * 4;
  }
  const tables: readonly TableSpec[] = [
    { name: 'stage-1-values', kind: 'value', keyBytes, groupBytes: 0, valueBytes },
    { name: 'stage-1-lists', kind: 'list', keyBytes, groupBytes: keyBytes, valueBytes },
  ];
  return {
    file,
    tables,
    header: null,
    end: { calls, operations: calls, events: 0, ended: true },
    knowsFound: false,
    skippedLines: badLines,
    async *pieces() {
      const batches = tables.map((spec) => new CallBatch(spec));
      let number = 0;
      for await (const step of stepsOf(file, () => undefined)) yield [callOf(step, batches[step.table]!, ++number, tables[step.table]!)];
    },
  };
}

/** One call, before it is known how wide keys are. */
interface Step {
  readonly kind: CallKind;
  readonly table: typeof VALUES | typeof LISTS;
  readonly key: string;
  /** Of a write: put. */
  readonly puts: boolean;
  /** Of a scan that is stopped: after how many slots; 0 for one of a key's whole list. */
  readonly slots: number;
}

async function* stepsOf(file: string, bad: (line: number, problem: string) => void): AsyncGenerator<Step> {
  const machine = new StepMachine();
  for await (const { first, lines } of linesOf(file)) {
    for (const [i, text] of lines.entries()) {
      if (text.trim() === '') continue;
      const parsed = parseLine(text);
      if (typeof parsed === 'string') bad(first + i, parsed);
      else if (parsed.verb === 'next' && !machine.scans) bad(first + i, `a 'next' without a 'scan' before it`);
      else yield* machine.take(parsed);
    }
  }
  yield* machine.flush();
}

interface Line {
  readonly verb: Verb;
  readonly key: string;
}

/** @returns what is wrong with the line, if something is */
function parseLine(text: string): Line | string {
  const [timestamp, word, key = '', ...more] = text.trim().split(/\s+/);
  if (!/^-?\d+$/.test(timestamp!)) return `'${timestamp!.slice(0, 40)}' is no timestamp`;
  const verb = VERBS.find((one) => one === word?.toLowerCase());
  if (verb === undefined)
    return word === undefined
      ? 'it ends behind the timestamp'
      : `there is no '${word.slice(0, 40)}'.${suggestion(word, VERBS)}`.replace(/\.$/, '');
  if (more.length > 0) return 'it goes on behind the key';
  if (key === '' && verb !== 'next') return 'it has no key';
  if (key.length > KEY_BYTES_MAX) return `a key of ${key.length} bytes; at most ${KEY_BYTES_MAX} are taken`;
  // Keys are padded with zero bytes to one width.
  if (key.includes('\0')) return 'a zero byte in the key';
  return { verb, key };
}

/** Makes calls of lines: knows of each key whether it has a value, a list, or both, and gathers a scan's nexts. */
class StepMachine {
  readonly #values = new Set<string>();
  readonly #lists = new Set<string>();
  #scan: { readonly key: string; slots: number } | null = null;

  get scans(): boolean {
    return this.#scan !== null;
  }

  *take({ verb, key }: Line): Generator<Step> {
    if (verb === 'next') {
      this.#scan!.slots++;
      return;
    }
    yield* this.flush();
    const step = { kind: 'read' as CallKind, table: VALUES as Step['table'], key, puts: false, slots: 0 };
    const hasList = this.#lists.has(key);
    switch (verb) {
      case 'get':
        yield hasList ? { ...step, kind: 'scan', table: LISTS } : step;
        return;
      case 'merge':
        this.#lists.add(key);
        yield { ...step, kind: 'append', table: LISTS };
        return;
      case 'put':
      case 'delete':
        if (hasList) yield { ...step, kind: 'remove', table: LISTS };
        this.#lists.delete(key);
        if (verb === 'put') this.#values.add(key);
        else if (!this.#values.delete(key) && hasList) return;
        yield { ...step, kind: 'write', puts: verb === 'put' };
        return;
      case 'scan':
        this.#scan = { key, slots: 0 };
    }
  }

  /** The scan whose nexts are all there. One without any looks at one slot. */
  *flush(): Generator<Step> {
    if (this.#scan === null) return;
    const { key, slots } = this.#scan;
    this.#scan = null;
    yield { kind: 'scan', table: VALUES, key, puts: false, slots: Math.max(1, slots) };
  }
}

function callOf({ kind, key, puts, slots }: Step, room: CallBatch, number: number, { kind: tableKind, valueBytes }: TableSpec): TraceCall {
  room.begin(1);
  const { batch, present, lengths } = room;
  batch.push(WINDOW);
  batch.keys[0]!.fill(0).write(key, 'latin1');
  hashSlots(batch, 0);
  present[0] = puts || kind === 'append' || kind === 'remove' ? 1 : 0;
  lengths[0] = valueBytes;
  const isScan = kind === 'scan';
  return {
    number,
    kind,
    table: tableKind === 'value' ? VALUES : LISTS,
    batch,
    refilled: true,
    present,
    lengths,
    window: isScan ? WINDOW : Number.NaN,
    group: isScan && slots === 0 ? batch.keys[0]! : null,
    capacity: Math.min(SCAN_SLOTS, Math.max(1, slots === 0 ? SCAN_SLOTS : slots)),
    slots,
    bytes: 0,
    stopped: slots > 0,
  };
}
