import type { Clock } from '../core/ports.ts';
import type { ClaimedUnit, Unit } from '../core/unit.ts';

/** A unit that waits, with what is known of its past. */
export interface WaitingUnit extends Unit {
  readonly cursor: ClaimedUnit['cursor'];
  /** Tries since the cursor last moved. */
  readonly attempts: number;
}

/** Where units wait that are not in memory. */
export interface PendingStore {
  pendingUnits(lane: string, after: number, limit: number): Promise<readonly WaitingUnit[]>;
}

/** Units of one lane that are kept in memory; the rest waits in the index. */
const windowSize = 256;

interface Lane {
  readonly name: string;
  window: WaitingUnit[];
  /** Where the window's next unit is. */
  head: number;
  /** Pending units that are only in the index, all with numbers above `lastInWindow`. */
  spilled: number;
  lastInWindow: number;
  inFlight: number;
  holdUntilMs: number;
  isRefilling: boolean;
}

/**
 * Which unit is next: round robin over the lanes (hosts), in the order of discovery within one. A lane that is held
 * back, or has as many units in flight as it may, is passed over. Memory stays flat however many units wait.
 */
export class Frontier {
  readonly #clock: Clock;
  readonly #pending: PendingStore;
  readonly #perLane: number;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes with something waiting, the next one first. */
  readonly #turns = new Set<Lane>();
  readonly #waiters: (() => void)[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #refills = new Set<Promise<void>>();
  /** While units are brought back nothing is taken from the index: it may have them already. */
  #refillHolds = 0;
  #delayed = 0;
  #inFlight = 0;
  #isPlanned = false;
  #failure: Error | undefined;

  constructor(clock: Clock, pending: PendingStore, perLane: number) {
    this.#clock = clock;
    this.#pending = pending;
    this.#perLane = perLane;
  }

  /** Units that were journalled just now. */
  add(units: readonly Unit[]): void {
    for (const unit of units) {
      const lane = this.#lane(unit.lane);
      // Past the window order is kept by leaving everything to the index.
      if (lane.spilled > 0 || lane.window.length - lane.head >= windowSize) {
        lane.spilled += 1;
      } else {
        lane.window.push({ ...unit, cursor: undefined, attempts: 0 });
        lane.lastInWindow = unit.n;
      }
      this.#turns.add(lane);
    }
    if (units.length > 0) this.wake();
  }

  /** Units that waited when the session was opened: they are in the index. */
  addSpilled(lanes: readonly { lane: string; count: number }[]): void {
    for (const { lane: name, count } of lanes) {
      const lane = this.#lane(name);
      lane.spilled += count;
      this.#turns.add(lane);
    }
    this.wake();
  }

  /** All units that the source plans are known: when nothing waits any more, the work is done. */
  planned(): void {
    this.#isPlanned = true;
    this.wake();
  }

  /**
   * Claims the next unit; waits for one. The one place where a unit is claimed: a queue that several machines share
   * would take its place.
   *
   * @param signal ends the waiting; call {@link wake} after aborting it.
   * @returns undefined when there is nothing left to do, or the waiting was ended.
   */
  async claim(signal: AbortSignal): Promise<ClaimedUnit | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (signal.aborted) return undefined;
      const unit = this.#take();
      if (unit !== undefined) return { ...unit, attempt: unit.attempts + 1 };
      if (this.#isExhausted()) return undefined;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  /** A claimed unit is finished. */
  finish(unit: Unit): void {
    this.#leaveFlight(unit);
    this.wake();
  }

  /** A claimed unit goes back, to be claimed again after a while; `holdsLane`: and with it all of its lane. */
  giveBack(unit: WaitingUnit, delayMs: number, holdsLane: boolean): void {
    this.#leaveFlight(unit);
    if (holdsLane) this.#hold(this.#lane(unit.lane), delayMs);
    if (delayMs <= 0 || holdsLane) {
      this.#putFirst(unit);
      return;
    }
    this.#delayed += 1;
    this.#later(delayMs, () => {
      this.#delayed -= 1;
      this.#putFirst(unit);
    });
  }

  /**
   * Units that had ended wait again. Until this resolves the work is not at its end.
   *
   * @param bringBack makes them pending, durably, and says which they are.
   */
  async bringBack(bringBack: () => Promise<readonly WaitingUnit[]>): Promise<void> {
    this.#refillHolds += 1;
    try {
      await Promise.all(this.#refills);
      for (const unit of await bringBack()) this.#putBack(unit);
    } finally {
      this.#refillHolds -= 1;
      this.wake();
    }
  }

  /** Units that are being worked on. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Makes everybody who waits for a unit look again. */
  wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** Ends all waiting times. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.wake();
  }

  #take(): WaitingUnit | undefined {
    const now = this.#clock.monotonicMs();
    for (const lane of this.#turns) {
      if (lane.inFlight >= this.#perLane || lane.holdUntilMs > now) continue;
      const unit = lane.window[lane.head];
      if (unit === undefined) {
        if (lane.spilled > 0) this.#refill(lane);
        else if (!lane.isRefilling) this.#turns.delete(lane);
        continue;
      }
      this.#dropHead(lane);
      // To the end of the turns.
      this.#turns.delete(lane);
      this.#turns.add(lane);
      lane.inFlight += 1;
      this.#inFlight += 1;
      return unit;
    }
    return undefined;
  }

  #dropHead(lane: Lane): void {
    lane.head += 1;
    if (lane.head < windowSize) return;
    lane.window = lane.window.slice(lane.head);
    lane.head = 0;
  }

  #refill(lane: Lane): void {
    if (lane.isRefilling || this.#refillHolds > 0) return;
    lane.isRefilling = true;
    const refill = this.#pending.pendingUnits(lane.name, lane.lastInWindow, windowSize).then(
      (units) => {
        lane.isRefilling = false;
        lane.window = lane.window.slice(lane.head).concat(units);
        lane.head = 0;
        lane.lastInWindow = units.at(-1)?.n ?? lane.lastInWindow;
        // None came although some were counted: they have been finished in another way meanwhile.
        lane.spilled = units.length === 0 ? 0 : Math.max(0, lane.spilled - units.length);
        this.wake();
      },
      (error: unknown) => {
        lane.isRefilling = false;
        this.#failure = error instanceof Error ? error : new Error(String(error));
        this.wake();
      },
    );
    this.#refills.add(refill);
    void refill.then(() => this.#refills.delete(refill));
  }

  /** Past what was read of the index, the index brings the unit in its turn; else it comes first. */
  #putBack(unit: WaitingUnit): void {
    const lane = this.#lane(unit.lane);
    if (unit.n <= lane.lastInWindow) {
      this.#putFirst(unit);
      return;
    }
    lane.spilled += 1;
    this.#turns.add(lane);
  }

  #putFirst(unit: WaitingUnit): void {
    const lane = this.#lane(unit.lane);
    lane.window = [unit, ...lane.window.slice(lane.head)];
    lane.head = 0;
    this.#turns.add(lane);
    this.wake();
  }

  #hold(lane: Lane, delayMs: number): void {
    lane.holdUntilMs = Math.max(lane.holdUntilMs, this.#clock.monotonicMs() + delayMs);
    this.#later(delayMs, () => undefined);
  }

  #later(delayMs: number, action: () => void): void {
    // Longer timers than 2^31 ms fire at once; no wait of ours is that long in one piece.
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        action();
        this.wake();
      },
      Math.min(delayMs + 1, 2 ** 31 - 1),
    );
    this.#timers.add(timer);
  }

  #leaveFlight(unit: Unit): void {
    this.#lane(unit.lane).inFlight -= 1;
    this.#inFlight -= 1;
  }

  #isExhausted(): boolean {
    if (!this.#isPlanned || this.#inFlight > 0 || this.#delayed > 0) return false;
    if (this.#refillHolds > 0) return false;
    return [...this.#turns].every(
      (lane) => lane.spilled === 0 && !lane.isRefilling && lane.head >= lane.window.length,
    );
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = {
        name,
        window: [],
        head: 0,
        spilled: 0,
        lastInWindow: 0,
        inFlight: 0,
        holdUntilMs: 0,
        isRefilling: false,
      };
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}
