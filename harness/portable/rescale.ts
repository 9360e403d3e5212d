/**
 * Divides the state of a job among any number of processes, or puts it together again: each new process reads the
 * checkpoints of all that may hold keys of its range, and keeps those. Through the contract alone, so for every backend.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { StateBackend, StateStore } from '../../backends/contract.ts';
import type { Workload } from '../../workloads/contract.ts';
import type { Position } from '../checkpointing/position.ts';
import { StatebenchError } from '../errors.ts';
import type { SavedSink } from '../pipeline/sink.ts';
import type { SavedStage } from '../pipeline/stage.ts';
import { type Carried, type Entries, entriesInRange } from './entries.ts';
import { KeyGroupFilter, type KeyGroupRange, keyGroupsOf } from './key-groups.ts';
import type { FoundState } from './migrate.ts';
import { checkpointEntries, fillStore } from './restore.ts';

export interface RescaleRequest {
  /** Checkpoints at one position of the stream, which together hold every key of the part. */
  readonly sources: readonly FoundState[];
  /** Which part of how many is wanted; part 0 of 1 is the whole. */
  readonly part: number;
  readonly parts: number;
  readonly workload: Workload;
  /** The backend that made the checkpoints, and keeps the part's state. */
  readonly backend: StateBackend;
  /** An empty directory for the part's store; those of the sources are opened beside it, and removed. */
  readonly stateDirectory: string;
  /** What the part's sink goes on from, given those of the sources. Only the first part goes on from anything. */
  readonly sink: (saved: readonly SavedSink[]) => SavedSink;
}

export interface Rescaled {
  readonly store: StateStore;
  readonly position: Position;
  readonly carried: Carried;
}

/** @throws StatebenchError `bad-checkpoint` if the sources do not fit together, or lack keys of the part. */
export async function rescale({ sources, part, parts, workload, backend, stateDirectory, sink }: RescaleRequest): Promise<Rescaled> {
  const range = keyGroupsOf(part, parts);
  const positions = sources.map(({ position }) => position);
  checkSources(positions, range);
  const first = positions[0]!;
  const position: Position = {
    ...first,
    keyGroups: parts === 1 ? null : range,
    pipeline: {
      ...first.pipeline,
      stages: first.pipeline.stages.map((_, stage) => {
        const saved = positions.map(({ pipeline }) => pipeline.stages[stage]!);
        return {
          open: unionOf(saved.map(({ open }) => open)),
          // Counted once, so that the parts' counts add up.
          lateEvents: part === 0 ? saved.reduce((sum, { lateEvents }) => sum + lateEvents, 0) : 0,
        };
      }),
    },
    sink: sink(part === 0 ? positions.map((source) => source.sink) : []),
  };
  const all = entriesOfAll(sources, backend, `${stateDirectory}-sources`);
  const entries = parts === 1 ? all : entriesInRange(all, new KeyGroupFilter(range, workload));
  const { store, carried } = await fillStore(backend, { directory: stateDirectory, tables: first.tables }, entries);
  return { store, position, carried };
}

function unionOf(opens: readonly SavedStage['open'][]): SavedStage['open'] {
  const tables = [...new Set(opens.flatMap(Object.keys))];
  return Object.fromEntries(tables.map((table) => [table, [...new Set(opens.flatMap((open) => open[table] ?? []))].sort((a, b) => a - b)]));
}

async function* entriesOfAll(sources: readonly FoundState[], backend: StateBackend, directory: string): AsyncGenerator<Entries> {
  try {
    for (const [index, { checkpoint, position }] of sources.entries()) {
      const from = path.join(directory, String(index));
      await mkdir(from, { recursive: true });
      yield* checkpointEntries(checkpoint, position, backend, from);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function checkSources(positions: readonly Position[], { first, last, of }: KeyGroupRange): void {
  const fail = (problem: string): never => {
    throw new StatebenchError('bad-checkpoint', `these checkpoints cannot be put together: ${problem}`);
  };
  const same = ({ workload, tables, pipeline: { events, latestMs, watermarkMs } }: Position) =>
    JSON.stringify({ workload, tables, events, latestMs, watermarkMs });
  if (new Set(positions.map(same)).size !== 1) fail('they are not of one workload at one position of its stream; stop its processes there');
  const held = new Uint32Array(of);
  for (const { keyGroups } of positions) {
    if (keyGroups !== null && keyGroups.of !== of) fail(`one is divided into ${keyGroups.of} key groups, not ${of}`);
    const { first: from, last: to } = keyGroups ?? { first: 0, last: of - 1 };
    for (let group = from; group <= to; group++) held[group]!++;
  }
  const lacking = held.findIndex((times, group) => group >= first && group <= last && times !== 1);
  if (lacking >= 0) fail(`key group ${lacking} is in ${held[lacking]} of them; name each process's checkpoint once`);
}
