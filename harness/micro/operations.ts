/**
 * The operations of the state micro-suite: what each does, in calls of the backend contract. The names are those of Flink's own
 * state benchmarks (flink-benchmarks: ValueStateBenchmark, ListStateBenchmark, MapStateBenchmark, their Ttl variants and
 * RescalingBenchmark).
 *
 * State. There are `keys` keys in one window. A value state has one value a key; a list state one element a key; a map state ten
 * entries a key, kept in a value table whose key is the state's key followed by the map key, so that the entries of one key are a
 * group. Keys are taken in a shuffled order that the seed decides. "New" keys are not in the state.
 *
 * Batches. A call takes as many whole operations as fit into the batch size by slots, at least one: listAddAll(100) at batch size 1
 * is one call of 100 slots. A scan is always of one key; there the batch size is the most slots it yields at once.
 *
 * The state stays as it is: what an operation adds is taken away again, and what it removes put back, outside of the timed part.
 *
 * Time to live (names ending in Ttl). Every value, element or map value carries, in the eight bytes before it, the time at which
 * it expires: that of its last write plus the time to live. Reading one at or after that time treats it as absent; nothing is
 * removed by reading. The clock stands still: before each timed run 3 of 100 entries are past their time, and what is written
 * expires later. Operations that read are timed before those that write.
 */

export const STATES = ['value', 'list', 'map'] as const;
export type MicroState = (typeof STATES)[number];

/** Entries of a key: of a map state; of a value or list state there is one. */
export const MAP_ENTRIES = 10;
/** Elements that listAddAll adds. */
export const ADDED_ELEMENTS = 100;

/** What is taken of an entry that is read: beside whether it is there, its map key, its value, or both. */
export type Taken = 'presence' | 'map-key' | 'value' | 'both';

/** An operation as contract calls. */
export type Calls =
  /** `read` of existing keys. */
  | { readonly call: 'read'; readonly take: Taken }
  /** `scan` of one key's group. `first`: no further than the first entry that has not expired; `single`: through a batch of one slot. */
  | { readonly call: 'scan'; readonly take: Taken; readonly until: 'first' | 'end'; readonly slots: 'batch' | 'single' }
  /** `write`, present. New keys are written absent afterwards. */
  | { readonly call: 'put'; readonly keys: 'existing' | 'new'; readonly slotsPerKey: number }
  /** `write`, absent, of existing entries; they are put back afterwards. */
  | { readonly call: 'delete' }
  /** `append`. Afterwards the lists are removed, and existing keys get their one element back. */
  | { readonly call: 'append'; readonly keys: 'existing' | 'new'; readonly slotsPerKey: number }
  /** `remove`, then `append` of one element, of existing keys. */
  | { readonly call: 'replace' };

export interface MicroOperation {
  readonly name: string;
  readonly state: MicroState;
  readonly ttl: boolean;
  readonly calls: Calls;
  /** In a sentence, for those who read results. */
  readonly description: string;
}

const scan = (take: Taken, until: 'first' | 'end' = 'end', slots: 'batch' | 'single' = 'batch'): Calls => ({
  call: 'scan',
  take,
  until,
  slots,
});
const put = (keys: 'existing' | 'new', slotsPerKey = 1): Calls => ({ call: 'put', keys, slotsPerKey });
const append = (keys: 'existing' | 'new', slotsPerKey = 1): Calls => ({ call: 'append', keys, slotsPerKey });

const TABLE: readonly (readonly [string, MicroState, Calls, string])[] = [
  ['valueGet', 'value', { call: 'read', take: 'value' }, 'read the value of a key'],
  ['valueUpdate', 'value', put('existing'), 'write the value of a key that has one, without reading it'],
  ['valueAdd', 'value', put('new'), 'write the value of a key that has none'],
  ['listGet', 'list', scan('presence'), 'scan the list of a key to its end, counting elements'],
  ['listGetAndIterate', 'list', scan('value'), 'scan the list of a key to its end, taking every element'],
  ['listAppend', 'list', append('existing'), 'append one element to a list'],
  ['listAdd', 'list', append('new'), 'append one element to the list of a key that has none'],
  ['listAddAll', 'list', append('existing', ADDED_ELEMENTS), `append ${ADDED_ELEMENTS} elements to a list in one call`],
  ['listUpdate', 'list', { call: 'replace' }, 'remove a list, then append one element'],
  ['mapGet', 'map', { call: 'read', take: 'value' }, 'read one entry of a map'],
  ['mapContains', 'map', { call: 'read', take: 'presence' }, 'read one entry of a map, looking only whether it is there'],
  ['mapIsEmpty', 'map', scan('presence', 'first'), 'scan a map as far as its first entry'],
  ['mapKeys', 'map', scan('map-key'), `scan a map of ${MAP_ENTRIES} entries, taking the map keys`],
  ['mapValues', 'map', scan('value'), `scan a map of ${MAP_ENTRIES} entries, taking the values`],
  ['mapEntries', 'map', scan('both'), `scan a map of ${MAP_ENTRIES} entries, taking map keys and values`],
  ['mapIterator', 'map', scan('both', 'end', 'single'), `scan a map of ${MAP_ENTRIES} entries through a batch of one slot, taking both`],
  ['mapPut', 'map', put('existing'), 'write one entry that is there, without reading it'],
  ['mapAdd', 'map', put('new'), 'write one entry of a key that has none'],
  ['mapPutAll', 'map', put('existing', MAP_ENTRIES), `write all ${MAP_ENTRIES} entries of a map in one call`],
  ['mapRemove', 'map', { call: 'delete' }, 'delete one entry that is there'],
];

/** Every operation on a state, those without time to live first. */
export const OPERATIONS: readonly MicroOperation[] = [false, true].flatMap((ttl) =>
  TABLE.map(([name, state, calls, description]) => ({
    name: ttl ? `${name}Ttl` : name,
    state,
    ttl,
    calls,
    description: ttl ? `${description}; with time to live` : description,
  })),
);

/** Whether it only reads. */
export function isReading({ calls: { call } }: MicroOperation): boolean {
  return call === 'read' || call === 'scan';
}

/** State of one value a key, taken over by another number of stores; an operation is one entry carried. */
export const RESCALES = [
  {
    name: 'rescaleOut',
    description: 'restore a checkpoint, divide its entries by key range and write them into two stores, one after the other',
  },
  { name: 'rescaleIn', description: 'restore the checkpoints of two stores and write their entries into one' },
] as const;

export type RescaleName = (typeof RESCALES)[number]['name'];

/** Names of all, in the order in which they are shown. */
export const OPERATION_NAMES: readonly string[] = [...OPERATIONS, ...RESCALES].map(({ name }) => name);
