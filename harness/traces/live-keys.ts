/**
 * Which keys of a table hold something, as the writes of a trace say: what a scan of a window, or of a group in it, meets. Keys
 * are known by their numbers.
 */
export class LiveKeys {
  readonly #windows = new Map<number, Map<string, Set<number>>>();

  put(id: number, window: number, group: string): void {
    const groups = this.#windows.get(window) ?? new Map<string, Set<number>>();
    if (groups.size === 0) this.#windows.set(window, groups);
    const ids = groups.get(group);
    if (ids === undefined) groups.set(group, new Set([id]));
    else ids.add(id);
  }

  delete(id: number, window: number, group: string): void {
    const groups = this.#windows.get(window);
    const ids = groups?.get(group);
    if (!ids?.delete(id) || ids.size > 0) return;
    groups!.delete(group);
    if (groups!.size === 0) this.#windows.delete(window);
  }

  drop(window: number): void {
    this.#windows.delete(window);
  }

  /** In ascending order. @param group null for the whole window */
  in(window: number, group: string | null): Int32Array {
    const groups = this.#windows.get(window);
    if (groups === undefined) return new Int32Array(0);
    if (group !== null) return Int32Array.from(groups.get(group) ?? []).sort();
    const all = new Int32Array([...groups.values()].reduce((sum, ids) => sum + ids.size, 0));
    let at = 0;
    for (const ids of groups.values()) for (const id of ids) all[at++] = id;
    return all.sort();
  }
}
