import type { JournalEvent } from '../../core/events.ts';
import { unitStates, type UnitState } from '../../core/unit.ts';
import type { JournalEntry, UnitCounts } from '../../core/view.ts';

/**
 * The state of every unit by the journal's events, a few bytes each: a recount that shares nothing with the counters
 * that it is compared with.
 */
export class UnitFold {
  /** By number: 0 is unknown, else 1 + the number of the state. */
  #states = new Uint8Array(1024);
  /** By number: 1 + the journal line in which it last moved on. */
  #moved = new Uint32Array(1024);
  readonly #paid = new Set<number>();

  /** @param onOdd told of an event that does not fit the state its unit is in. */
  apply({ seq, events }: JournalEntry, onOdd: (problem: string) => void): void {
    for (const event of events) this.#apply(event, seq, onOdd);
  }

  stateOf(unit: number): UnitState | undefined {
    return unitStates[(this.#states[unit] ?? 0) - 1];
  }

  /** How many units are in each state. */
  counts(): UnitCounts {
    const counts = new Array<number>(unitStates.length + 1).fill(0);
    for (const state of this.#states) counts[state] = (counts[state] ?? 0) + 1;
    const entries = unitStates.map((state, i) => [state, counts[i + 1] ?? 0]);
    return Object.fromEntries(entries) as UnitCounts;
  }

  #apply(event: JournalEvent, seq: number, onOdd: (problem: string) => void): void {
    switch (event.type) {
      case 'units':
        this.#makeRoom(event.first + event.items.length);
        for (let i = 0; i < event.items.length; i++) this.#set(event.first + i, 'pending');
        return;
      case 'claimed':
        this.#move(event.unit, 'pending', 'in_progress', onOdd);
        return;
      case 'advanced':
        this.#moved[event.unit] = seq + 1;
        return;
      case 'finished':
        this.#move(event.unit, event.from ?? 'in_progress', event.state, onOdd);
        this.#moved[event.unit] = seq + 1;
        return;
      case 'requeued':
        this.#move(event.unit, event.from ?? 'in_progress', 'pending', onOdd);
        return;
      case 'intent':
        this.#paid.add(event.unit);
        return;
      case 'requeueSince':
        this.#requeueSince(event.since);
        return;
      default:
        return;
    }
  }

  #requeueSince(since: number): void {
    for (let unit = 0; unit < this.#states.length; unit++) {
      const state = this.stateOf(unit);
      if (state === undefined || state === 'in_progress' || this.#paid.has(unit)) continue;
      if ((this.#moved[unit] ?? 0) <= since + 1) continue;
      this.#set(unit, 'pending');
      this.#moved[unit] = 0;
    }
  }

  #move(unit: number, from: UnitState, to: UnitState, onOdd: (problem: string) => void): void {
    const state = this.stateOf(unit);
    if (state !== from) {
      const is = state === undefined ? 'is not known' : `is ${state}`;
      onOdd(`unit ${unit} goes from ${from} to ${to}, but it ${is}`);
    }
    this.#makeRoom(unit + 1);
    this.#set(unit, to);
  }

  #set(unit: number, state: UnitState): void {
    this.#states[unit] = 1 + unitStates.indexOf(state);
  }

  #makeRoom(length: number): void {
    if (length <= this.#states.length) return;
    const room = Math.max(length, this.#states.length * 2);
    const states = new Uint8Array(room);
    const moved = new Uint32Array(room);
    states.set(this.#states);
    moved.set(this.#moved);
    this.#states = states;
    this.#moved = moved;
  }
}
