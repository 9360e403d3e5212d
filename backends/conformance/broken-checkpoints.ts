import { rmSync } from 'node:fs';
import { copyFile, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointPlace } from '../contract.ts';
import { type Canary, type Entries, FILE, listTable, type Parts, plain, stringify } from './plain-backend.ts';

function lockInDirectory(): Partial<Parts> {
  return {
    async load(request) {
      const text = await plain.load(request);
      await writeFile(join(request.checkpoint.directory, 'LOCK'), '');
      return text;
    },
  };
}

/** Mistakes in checkpoints and in the life of a store, by name. */
export const brokenCheckpoints: Readonly<Record<string, Canary>> = {
  'late-cut': { check: 'a cut excludes later writes', mistake: () => ({ snapshot: (tables) => () => stringify(tables) }) },
  'early-restore': {
    check: 'a cut excludes later writes',
    // Takes up what the writer held last, of which the checkpoint is only the beginning.
    mistake: () => {
      let latest: ReadonlyMap<string, Entries> = new Map();
      return {
        snapshot(tables) {
          latest = tables;
          return plain.snapshot(tables, { id: 0, directory: '' });
        },
        load: async (request) => `${(await plain.load(request)).split('\n')[0]}\n${stringify(latest)}`,
      };
    },
  },
  'checkpoints-one-table': {
    check: 'a restored store holds the cut',
    mistake: () => ({ snapshot: (tables, place) => plain.snapshot(new Map([...tables].slice(0, 1)), place) }),
  },
  'unlisted-file': {
    check: 'listed files are the whole checkpoint',
    mistake: () => ({
      async persist(place, text) {
        const files = await plain.persist(place, text);
        await copyFile(join(place.directory, FILE), join(place.directory, 'unlisted'));
        return files;
      },
      load: ({ checkpoint }) => readFile(join(checkpoint.directory, 'unlisted'), 'utf8'),
    }),
  },
  'missing-file': {
    check: 'a restored store holds the cut',
    mistake: () => ({ persist: async (place, text) => [...(await plain.persist(place, text)), { path: 'sub/missing', immutable: false }] }),
  },
  'restore-consumes': { check: 'restoring leaves a checkpoint as it was', mistake: lockInDirectory },
  'published-forgets-the-one-before': {
    check: 'both of the two newest checkpoints restore',
    mistake: () => ({
      async published(id, places) {
        for (const place of places.values()) {
          if (place.id < id) for (const file of await readdir(place.directory)) await unlink(join(place.directory, file));
        }
      },
    }),
  },
  'fallback-deletes-newer': {
    check: 'falling back does not spoil the newer checkpoint',
    mistake: () => {
      const persisted: CheckpointPlace[] = [];
      return {
        persist(place, text) {
          persisted.push(place);
          return plain.persist(place, text);
        },
        async load(request) {
          const text = await plain.load(request);
          for (const { id, directory } of persisted)
            if (id > request.checkpoint.id) await unlink(join(directory, FILE)).catch(() => undefined);
          return text;
        },
      };
    },
  },
  'cut-replaces-the-one-before': {
    check: 'an unpublished checkpoint costs nothing',
    mistake: () => {
      let last: CheckpointPlace | undefined;
      return {
        async persist(place, text) {
          if (last !== undefined) await unlink(join(last.directory, FILE));
          last = place;
          return plain.persist(place, text);
        },
      };
    },
  },
  'appends-come-first': {
    check: 'appends after a restore come last',
    // The sequence that orders elements starts again, and the other way round.
    mistake: () => {
      let restored = false;
      return {
        load(request) {
          restored = true;
          return plain.load(request);
        },
        ...listTable((table, entries) => ({
          append(batch) {
            const before = new Map(entries);
            table.append(batch);
            if (!restored) return;
            for (const [name, values] of before) entries.set(name, [...(entries.get(name) ?? []).slice(values.length), ...values]);
          },
        })),
      };
    },
  },
  'live-heir': {
    check: 'restore takes over from a live store',
    // The heir shares the memory of the store that made the checkpoint.
    mistake: () => {
      let latest: Map<string, Entries> | undefined;
      return {
        memory: (tables) => {
          const memory = latest ?? plain.memory(tables);
          for (const entries of memory.values()) entries.clear();
          latest = memory;
          return memory;
        },
      };
    },
  },
  'immutable-by-name-only': {
    check: 'an immutable file never changes',
    mistake: () => ({ persist: async (place, text) => (await plain.persist(place, text)).map(({ path }) => ({ path, immutable: true })) }),
  },
  'ignores-layout': { check: 'other tables are refused', mistake: () => ({ layout: () => '[]' }) },
  'layout-by-name': { check: 'other tables are refused', mistake: () => ({ layout: (tables) => tables.map(({ name }) => name).join() }) },
  'damaged-is-empty': {
    check: 'an incomplete checkpoint is never half restored',
    mistake: () => ({ load: (request) => plain.load(request).catch(() => `${plain.layout(request.tables)}\n[]`) }),
  },
  'open-after-close': { check: 'a closed store refuses', mistake: () => ({ checkOpen: () => undefined }) },
  'checkpoints-in-memory': {
    check: 'a killed writer loses nothing that was published',
    mistake: () => {
      const files = new Map<number, string>();
      return {
        async persist(place, text) {
          files.set(place.id, text);
          return plain.persist(place, '');
        },
        async load({ checkpoint }) {
          const text = files.get(checkpoint.id);
          if (text === undefined) throw new Error('no such checkpoint');
          return text;
        },
      };
    },
  },
  'restore-locks': { check: 'a restored writer can be killed as well', mistake: lockInDirectory },
  'no-file-for-nothing': {
    check: 'an empty store has checkpoints too',
    mistake: () => ({
      snapshot(tables, place) {
        const empty = [...tables.values()].every(({ size }) => size === 0);
        return empty ? () => '' : plain.snapshot(tables, place);
      },
      persist: async (place, text) => (text.endsWith('\n') ? [] : plain.persist(place, text)),
    }),
  },
  'one-behind': {
    check: 'a write before the cut is in it',
    mistake: () => {
      let previous: string | undefined;
      return {
        snapshot(tables) {
          const now = stringify(tables);
          const text = previous ?? now;
          previous = now;
          return () => text;
        },
      };
    },
  },
  'waits-for-publication': {
    check: 'a checkpoint given up does not harm the next',
    // Holds the cut before for still under way, and gives it again.
    mistake: () => {
      let underWay: string | undefined;
      return {
        snapshot(tables) {
          const text = underWay ?? stringify(tables);
          underWay = text;
          return () => text;
        },
        async published() {
          underWay = undefined;
        },
      };
    },
  },
  'cuts-what-it-restored': {
    check: 'checkpoints go on after a restore',
    mistake: () => {
      let restored: string | undefined;
      return {
        async load(request) {
          const text = await plain.load(request);
          restored = text.slice(text.indexOf('\n') + 1);
          return text;
        },
        snapshot(tables, place) {
          const text = restored;
          return text === undefined ? plain.snapshot(tables, place) : () => text;
        },
      };
    },
  },
  'cut-deletes-the-one-before': {
    check: 'a writer killed amid a checkpoint leaves the one before',
    mistake: () => {
      let last: CheckpointPlace | undefined;
      return {
        snapshot(tables, place) {
          if (last !== undefined) rmSync(join(last.directory, FILE));
          last = place;
          return plain.snapshot(tables, place);
        },
      };
    },
  },
  'deltas-without-deletions': {
    check: 'a chain of checkpoints restores at every kept one',
    // Lays what changed over the checkpoint before, and everything only now and then.
    mistake: () => {
      let chain: Map<string, Entries> | undefined;
      let count = 0;
      return {
        snapshot(tables) {
          const base = count++ % 8 === 0 ? undefined : chain;
          chain = new Map([...tables].map(([name, entries]) => [name, new Map([...(base?.get(name) ?? []), ...entries])]));
          const text = stringify(chain);
          return () => text;
        },
      };
    },
  },
};
