/** A store whose state lies in HBase by epochs: it begins to write, cuts, and lets go of what no checkpoint needs. */
import { BackendError, type CheckpointPlace, type StateStore, type TableSpec } from '../contract.ts';
import { type EpochCheckpoint, writeEpochCheckpoint } from '../epochs/checkpoint-file.ts';
import type { Cut } from '../epochs/cuts.ts';
import { StoreEpochs } from '../epochs/store-epochs.ts';
import { type BareCut, guardStore } from '../rows/guarded-store.ts';
import { PutTail } from './cells.ts';
import type { Gateway } from './gateway.ts';
import { Janitor } from './janitor.ts';
import { hbaseListTable } from './list-table.ts';
import { Register, type RegisterChange } from './register.ts';
import { deleteRemoved, RemovedLists } from './removed-lists.ts';
import { idOf, idRange, namespaceRange, newNamespace, tablePrefix, tableRange } from './rows.ts';
import { StateCells } from './state-cells.ts';
import { regionServers } from './state-table.ts';
import { LeftEpochs, sweep } from './sweep.ts';
import type { TableGround } from './table-ground.ts';
import { hbaseValueTable } from './value-table.ts';

export interface EpochStoreRequest {
  readonly backend: string;
  readonly gateway: Gateway;
  /** Name of the HBase table. */
  readonly table: string;
  /** Of every write, as TDurability has it. */
  readonly durability: number;
  /** What a write ahead log would keep is lost with the server, so it has to be the same one all along. */
  readonly volatile: boolean;
  /** In the order that numbers them. */
  readonly tables: readonly TableSpec[];
}

/** In a checkpoint's file: the region servers that hold the state, if it is lost with them; and {@link LeftEpochs}. */
const SERVERS = 'servers';
const LEFT = 'left';

/** Opens an empty store in a namespace of its own. */
export async function openEpochStore(request: EpochStoreRequest): Promise<StateStore> {
  const store = new EpochStore(request, newNamespace(), await serversOf(request));
  await store.create();
  return store.guarded();
}

/** @throws BackendError `damaged` if the server no longer holds the state of the checkpoint. */
export async function restoreEpochStore(request: EpochStoreRequest, checkpoint: EpochCheckpoint): Promise<StateStore> {
  // What was once written without a log stays so, whatever is asked for now.
  const volatile = request.volatile || checkpoint.facts[SERVERS] !== '';
  const servers = await serversOf({ ...request, volatile });
  const store = new EpochStore({ ...request, volatile }, checkpoint.namespace, servers, checkpoint);
  await store.verify(checkpoint);
  return store.guarded();
}

async function serversOf({ gateway, table, volatile }: EpochStoreRequest): Promise<string> {
  return volatile ? await regionServers(gateway, table) : '';
}

class EpochStore {
  readonly #request: EpochStoreRequest;
  readonly #epochs: StoreEpochs;
  readonly #register: Register;
  readonly #cells: StateCells;
  readonly #tail: PutTail;
  readonly #servers: string;
  readonly #left: LeftEpochs;
  readonly #from: Cut | undefined;
  readonly #removed: readonly RemovedLists[];
  readonly #janitor = new Janitor(() => this.#chore());
  #beginning: Promise<void> | undefined;

  constructor(request: EpochStoreRequest, namespace: string, servers: string, from?: EpochCheckpoint) {
    const { gateway, table, durability, tables } = request;
    this.#request = request;
    this.#epochs = new StoreEpochs(namespace, tables, from);
    this.#register = new Register(gateway, table, namespace, durability);
    this.#tail = new PutTail(durability);
    this.#cells = new StateCells(gateway, table, this.#tail, durability);
    this.#servers = servers;
    this.#left = new LeftEpochs(Number(from?.facts[LEFT] ?? 0));
    this.#from = from?.cut;
    this.#removed = tables.map(() => new RemovedLists());
  }

  /** Begins in a new namespace. */
  async create(): Promise<void> {
    await this.#register.create(1);
    this.#epochs.begin({ epoch: 1, cuts: [], nextIds: [] });
    this.#tail.setTimestamp(1);
  }

  async verify({ cut, facts }: EpochCheckpoint): Promise<void> {
    const registered = await this.#register.read();
    const found = registered?.cuts.find(({ epoch, token }) => epoch === cut.epoch && token === cut.token);
    const gone = (why: string) =>
      new BackendError(
        'damaged',
        `the HBase at ${this.#request.gateway.shown} no longer holds the state of checkpoint ${cut.id} (${why}): restore another, or begin again`,
      );
    if (found === undefined) throw gone(registered === undefined ? 'there is no such namespace in the table' : 'it is not registered');
    if (facts[SERVERS] !== '' && facts[SERVERS] !== this.#servers) {
      throw gone('it was written without a log, and its region server has restarted or the region was moved');
    }
  }

  guarded(): StateStore {
    const { tables, backend, gateway, volatile } = this.#request;
    if (volatile) gateway.watch(() => this.#checkServers());
    const grounds = tables.map(
      (spec, number): TableGround => ({
        cells: this.#cells,
        epochs: this.#epochs,
        number,
        spec,
        begin: () => this.#begin(),
        freed: () => this.#janitor.wake(),
      }),
    );
    const values = grounds.filter(({ spec }) => spec.kind === 'value');
    const lists = grounds.filter(({ spec }) => spec.kind === 'list');
    return guardStore(backend, tables, {
      values: new Map(values.map((ground) => [ground.spec.name, hbaseValueTable(ground)])),
      lists: new Map(lists.map((ground) => [ground.spec.name, hbaseListTable(ground, this.#removed[ground.number]!)])),
      checkpoint: (place) => this.#checkpoint(place),
      published: (id) => this.#published(id),
      release: (id) => this.#release(id),
      close: () => this.#close(),
    });
  }

  /** Takes the namespace over, once, before the first write. */
  #begin(): Promise<void> | undefined {
    if (this.#epochs.begun) return undefined;
    this.#beginning ??= this.#takeOver();
    return this.#beginning;
  }

  async #takeOver(): Promise<void> {
    const { namespace } = this.#epochs;
    const { tables, gateway } = this.#request;
    for (;;) {
      const registered = await this.#register.read();
      if (registered === undefined)
        throw new BackendError('damaged', `the namespace ${namespace} in the HBase at ${gateway.shown} is gone: begin again`);
      const epoch = registered.epoch + 1;
      if (!(await this.#register.change(registered.epoch, { epoch }))) continue;
      const last = await Promise.all(tables.map((_, number) => this.#cells.lastRow(tableRange(namespace, number))));
      const nextIds = last.map((row, number) =>
        Math.max(row === undefined ? 0 : idOf(row) + 1, ...registered.cuts.map((cut) => cut.nextIds[number] ?? 0)),
      );
      this.#left.left(this.#from!.epoch + 1);
      const changed = this.#epochs.begin({ epoch, cuts: registered.cuts, nextIds });
      this.#tail.setTimestamp(epoch);
      if (changed !== undefined) await this.#change({ put: [changed] });
      if (this.#left.fill(this.#epochs.cuts, epoch) === 'all') await this.#sweep();
      this.#janitor.wake();
      return;
    }
  }

  async #checkpoint({ id, directory }: CheckpointPlace): Promise<BareCut> {
    await this.#begin();
    const epochs = this.#epochs;
    const { backend, tables } = this.#request;
    const next = epochs.epoch + 1;
    if (this.#left.fill(epochs.cuts, next) === 'all') await this.#sweep();
    const cut = epochs.cut(id);
    await this.#change({ epoch: next, put: [cut] });
    const checkpoint = epochs.advance(cut, next, { [SERVERS]: this.#servers, [LEFT]: this.#left.saved });
    this.#tail.setTimestamp(next);
    return {
      persist: async () => {
        await this.#checkServers();
        return writeEpochCheckpoint(directory, backend, tables, checkpoint);
      },
      discard() {},
    };
  }

  async #published(id: number): Promise<void> {
    this.#janitor.check();
    await this.#begin();
    const { kept, given } = this.#epochs.cuts.published(id);
    if (kept === undefined) return;
    await this.#change({ put: [kept], strike: given });
    if (this.#left.fill(this.#epochs.cuts, this.#epochs.epoch) !== 'little') await this.#sweep();
    this.#janitor.wake();
  }

  async #release(id: number): Promise<void> {
    await this.#begin();
    const released = this.#epochs.cuts.release(id);
    if (released === undefined) return;
    await this.#change({ strike: [released] });
    this.#janitor.wake();
  }

  async #close(): Promise<void> {
    const { gateway } = this.#request;
    const { namespace, epoch, begun, cuts } = this.#epochs;
    await this.#janitor.stop();
    try {
      if (begun && cuts.all.length === 0 && (await this.#register.remove(epoch)))
        await this.#cells.deleteRange(namespaceRange(namespace), epoch);
    } catch {
      // A server that is gone has nothing to be freed; what another keeps is told in its documentation.
    } finally {
      gateway.close();
    }
  }

  /** @throws BackendError `refused` if another store has taken over. */
  async #change(change: RegisterChange): Promise<void> {
    const { epoch } = this.#epochs;
    if (await this.#register.change(epoch, change)) return;
    throw new BackendError(
      'refused',
      `another process has gone on from a checkpoint of this state in the HBase at ${this.#request.gateway.shown}: only one may write, so end this one`,
    );
  }

  async #sweep(): Promise<void> {
    const { lineage, epoch, namespace, cuts } = this.#epochs;
    await sweep(this.#cells, namespaceRange(namespace), this.#left.clean(cuts) + 1, lineage, () => this.#epochs.cuts);
    this.#left.sweptAt(epoch);
  }

  /** @throws BackendError `unavailable` if what is lost with a server may be lost. */
  async #checkServers(): Promise<void> {
    const { gateway, table, volatile } = this.#request;
    if (!volatile || (await regionServers(gateway, table)) === this.#servers) return;
    gateway.close();
    throw new BackendError(
      'unavailable',
      `the HBase at ${gateway.shown} has restarted or moved a region of '${table}', and what was written without a log is gone: begin again, or ask for durability=process-crash`,
    );
  }

  /** One piece of what is free: the rows of some windows, or the elements of removed lists. */
  async #chore(): Promise<boolean> {
    const { cuts, epoch, namespace } = this.#epochs;
    if (epoch === 0) return false;
    const ids = this.#epochs.free();
    for (const { table, from, to } of ids) await this.#cells.deleteRange(idRange(tablePrefix(namespace, table), from, to), epoch);
    let lists = 0;
    for (const removed of this.#removed) {
      const free = removed.free(cuts);
      lists += free.length;
      await deleteRemoved(this.#cells, free, epoch);
    }
    return ids.length + lists > 0;
  }
}
