import type { UnitCounts } from '../core/view.ts';
import { unitStates, type UnitState } from '../core/unit.ts';

/** What is known of a group of units. */
export interface GroupView {
  readonly units: UnitCounts;
  readonly records: number;
  readonly duplicates: number;
  readonly rejected: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type GroupCounts = Mutable<Omit<GroupView, 'units'>> & { units: Mutable<UnitCounts> };

/** Counts by group: the fold of the journal as the index keeps it. */
export class GroupTable {
  readonly #groups = new Map<string, GroupCounts>();
  readonly #dirty = new Set<string>();
  readonly #ended = new Set<string>();
  /** The group that changed last, as long as it counts as changed. */
  #last: GroupCounts | undefined;
  #lastName = '';

  /** Takes a group over from the index's file. */
  load(name: string, view: GroupView): void {
    this.#groups.set(name, { ...view, units: { ...view.units } });
  }

  get(name: string): GroupView | undefined {
    return this.#groups.get(name);
  }

  get size(): number {
    return this.#groups.size;
  }

  /** Every group, in the order in which they became known. */
  entries(): IterableIterator<[string, GroupView]> {
    return this.#groups.entries();
  }

  /** Units of the group went from one state to another; `undefined`: they are new. */
  move(name: string, from: UnitState | undefined, to: UnitState, count = 1): void {
    const { units } = this.#change(name);
    if (from !== undefined) units[from] -= count;
    units[to] += count;
    if (units.pending + units.in_progress === 0) this.#ended.add(name);
    else this.#ended.delete(name);
  }

  count(name: string, records: number, duplicates: number, rejected: number): void {
    const group = this.#change(name);
    group.records += records;
    group.duplicates += duplicates;
    group.rejected += rejected;
  }

  /** Sets how many units of each group are in each state; a group that is not named has none. */
  recount(
    rows: Iterable<{ readonly group: string; readonly state: UnitState; readonly count: number }>,
  ): void {
    for (const name of this.#groups.keys()) {
      const { units } = this.#change(name);
      for (const state of unitStates) units[state] = 0;
    }
    for (const { group, state, count } of rows) this.#change(group).units[state] = count;
  }

  /** Groups that changed since the last call. */
  takeDirty(): [string, GroupView][] {
    const dirty = [...this.#dirty].map((name): [string, GroupView] => [name, this.#change(name)]);
    this.#dirty.clear();
    this.#last = undefined;
    return dirty;
  }

  /** Groups that have nothing left to do since the last call. */
  takeEnded(): string[] {
    const ended = [...this.#ended];
    this.#ended.clear();
    return ended;
  }

  #change(name: string): GroupCounts {
    // Thousands of changes in a row are of one group.
    if (this.#last !== undefined && name === this.#lastName) return this.#last;
    const group = this.#find(name);
    this.#last = group;
    this.#lastName = name;
    return group;
  }

  #find(name: string): GroupCounts {
    this.#dirty.add(name);
    let group = this.#groups.get(name);
    if (group === undefined) {
      const units = { pending: 0, in_progress: 0, done: 0, failed: 0, skipped: 0, blocked: 0 };
      group = { units, records: 0, duplicates: 0, rejected: 0 };
      this.#groups.set(name, group);
    }
    return group;
  }
}
