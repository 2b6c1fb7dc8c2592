import type { ClaimedUnit } from '../../core/unit.ts';
import type { JournalEntry } from '../../core/view.ts';
import type { StageWatch } from '../../sources/source.ts';
import { Budget } from './budget.ts';
import { CallsInDoubt } from './callsInDoubt.ts';
import { PaidPast } from './paidPast.ts';
import { readPasts } from './readPasts.ts';
import { UnitLedger, type LedgerParts } from './unitLedger.ts';

/**
 * What a session pays for: nothing leaves before it is written down with its worst case set aside, and nothing that was
 * paid for is asked for again. One for a session that is being carried out.
 */
export class Ledger {
  readonly #parts: LedgerParts;
  readonly #budget: Budget;
  readonly #doubts = new CallsInDoubt();
  readonly #pasts = new Map<number, PaidPast>();

  private constructor(parts: LedgerParts) {
    this.#parts = parts;
    const { collection, view } = parts.store;
    const { maxUsd = Infinity } = collection.limits;
    // A part of a millionth is not spent; 0.29 * 1e6 is not quite 290,000.
    this.#budget = new Budget({ ...view, maxMicroUsd: Math.floor(maxUsd * 1e6 + 1e-3) });
  }

  /** The ledger of a session that was opened, with what its waiting units have paid for so far. */
  static async open(parts: LedgerParts): Promise<Ledger> {
    const ledger = new Ledger(parts);
    // Without anything set aside there is no call that is not settled.
    if (parts.store.view.reservedMicroUsd > 0) {
      await parts.store.readJournal((entry) => {
        ledger.meet([entry]);
      });
    }
    await ledger.load(await parts.store.pendingPaidUnits());
    return ledger;
  }

  /** Takes in what units have paid for that had ended and wait again. */
  async load(units: readonly number[]): Promise<void> {
    if (units.length === 0) return;
    const pasts = await readPasts(this.#parts.store, units);
    for (const [unit, past] of pasts.entries()) {
      if (past.calls.size > 0) this.#pasts.set(unit, past);
    }
  }

  /** Takes in the journal's new lines. */
  meet(entries: readonly JournalEntry[]): void {
    for (const { events } of entries) for (const event of events) this.#doubts.add(event);
  }

  /** Of what is set aside: money of calls of which it is not known whether they left. */
  get inDoubtMicroUsd(): number {
    return this.#doubts.microUsd;
  }

  /** What a claimed unit pays for, while it is in flight. */
  begin(unit: ClaimedUnit, signal: AbortSignal, stages: StageWatch): UnitLedger {
    let past = this.#pasts.get(unit.n);
    if (past === undefined) this.#pasts.set(unit.n, (past = new PaidPast()));
    return new UnitLedger({
      ...this.#parts,
      budget: this.#budget,
      doubts: this.#doubts,
      past,
      unit,
      signal,
      stages,
    });
  }

  /** A unit has ended: nothing of it is needed, unless it is loaded again. */
  forget(unit: number): void {
    this.#pasts.delete(unit);
  }
}
