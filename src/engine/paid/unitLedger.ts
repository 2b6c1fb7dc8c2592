import { UnitFailedError } from '../../core/errors.ts';
import type { IntentEvent, JournalEvent, SettledEvent } from '../../core/events.ts';
import type { JsonValue } from '../../core/json.ts';
import { isInDoubt, type PaidCall } from '../../core/paidCall.ts';
import type { Clock, Random } from '../../core/ports.ts';
import type { ClaimedUnit } from '../../core/unit.ts';
import type { DoubtRule, Page, Source, StageWatch, UnitCalls } from '../../sources/source.ts';
import type { SessionStore } from '../../storage/sessionStore.ts';
import type { Budget } from './budget.ts';
import type { CallsInDoubt } from './callsInDoubt.ts';
import { readKeptPage } from './keptPage.ts';
import type { PaidPast } from './paidPast.ts';

/** What a ledger is made of. */
export interface LedgerParts {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly random: Random;
  /** What becomes of calls in doubt. */
  readonly doubtRule: DoubtRule;
}

/** What a unit's ledger is made of. */
interface UnitLedgerParts extends LedgerParts {
  readonly budget: Budget;
  readonly doubts: CallsInDoubt;
  readonly past: PaidPast;
  readonly unit: ClaimedUnit;
  readonly signal: AbortSignal;
  readonly stages: StageWatch;
}

/** What one claimed unit pays for, and what it has paid for before. */
export class UnitLedger implements UnitCalls {
  readonly #parts: UnitLedgerParts;
  /** Calls that were made since the unit was claimed. */
  readonly #made: string[] = [];

  constructor(parts: UnitLedgerParts) {
    this.#parts = parts;
    for (const call of parts.past.calls.all()) {
      if (call.spentMicroUsd === undefined) parts.budget.hold(parts.unit.n);
    }
  }

  get known(): readonly PaidCall[] {
    return this.#parts.past.calls.all();
  }

  async intend(call: Parameters<UnitCalls['intend']>[0]): Promise<PaidCall> {
    const { store, clock, random, budget, doubts, past, unit, signal, stages } = this.#parts;
    const { what, worstCaseMicroUsd, inputHash } = call;
    stages.enter('wait');
    await budget.reserve(unit.n, worstCaseMicroUsd, what, signal);
    const event: IntentEvent = {
      type: 'intent',
      intent: random.hex(12),
      unit: unit.n,
      what,
      reservedMicroUsd: worstCaseMicroUsd,
      inputHash,
    };
    const at = new Date(clock.now()).toISOString();
    stages.enter('commit');
    doubts.begin(event.intent);
    this.#made.push(event.intent);
    // Where this fails nothing more is written, and nobody counts on what is set aside.
    await store.record(event);
    past.calls.add(event, at);
    const intended = this.#call(event.intent);
    if (signal.aborted) {
      await this.settle(event.intent, 0, 'stopped before it left');
      signal.throwIfAborted();
    }
    return intended;
  }

  async named(
    intent: string,
    handle: { readonly kind: string; readonly id: string },
  ): Promise<void> {
    this.#call(intent);
    await this.#record({ type: 'handle', intent, ...handle });
  }

  async settle(intent: string, spentMicroUsd: number, evidence: string): Promise<void> {
    const event = settledEvent(this.#call(intent), spentMicroUsd, evidence);
    await this.#record(event);
    this.#give(event);
  }

  /** The unit is in flight no more: nobody waits for what it has set aside. @param comesBack it is tried again. */
  leave(comesBack: boolean): void {
    this.#parts.doubts.end(this.#made);
    this.#parts.budget.leave(this.#parts.unit.n, comesBack);
  }

  /**
   * The pages that the unit has paid for from its cursor on, one after the other; gives where the source goes on, or
   * nothing when the last of them was the unit's last.
   *
   * @throws UnitFailedError `PAID_ANSWER_LOST` when one is gone that the source can't get again without paying.
   */
  async *kept<Item>(
    source: Source<Item>,
  ): AsyncGenerator<Page<Item>, { readonly cursor: JsonValue | undefined } | undefined, void> {
    const { store, past, unit, doubtRule } = this.#parts;
    const mayPayAgain = doubtRule === 'look-up' || past.isAskedAgain;
    let { cursor } = unit;
    let count = 0;
    for (;;) {
      const place = past.pageAt(cursor);
      const page =
        place === undefined ? undefined : await readKeptPage(store, source, unit, cursor, place);
      if (page === undefined) break;
      count += 1;
      yield page;
      if (page.end !== undefined) return undefined;
      if (page.cursor === undefined) return { cursor };
      ({ cursor } = page);
    }
    const isLost =
      past.pageAt(cursor) !== undefined || (unit.cursor === undefined && count < past.pageCount);
    if (isLost && !mayPayAgain) throw answerLost(unit);
    return { cursor };
  }

  /** What the journal says of a page that was paid for, together with its raw lines. */
  answerEvents(page: Page<unknown>, cursor: JsonValue | undefined): JournalEvent[] {
    const { answer } = page;
    if (answer === undefined) return [];
    const { intent, hasMore = false, settled } = answer;
    return [
      {
        type: 'answered',
        unit: this.#parts.unit.n,
        intent,
        cursor: cursor ?? null,
        ...(hasMore ? { hasMore } : {}),
      },
      ...(settled === undefined
        ? []
        : [settledEvent(this.#call(intent), settled.spentMicroUsd, settled.evidence)]),
    ];
  }

  /**
   * What settles calls in doubt as their unit fails: they count as spent. In the same commit as that, since between two
   * a process that is killed would forget that they wait for a person's word.
   */
  doubtEvents(code: string): JournalEvent[] {
    const { past, doubtRule } = this.#parts;
    // Those that the source looks up can still be found.
    const inDoubt = doubtRule === 'look-up' ? [] : past.calls.all().filter(isInDoubt);
    return inDoubt.map((call) =>
      settledEvent(call, call.reservedMicroUsd, `${code}: may have been charged`),
    );
  }

  /** They are durable. */
  answered(events: readonly JournalEvent[]): void {
    for (const event of events) {
      this.#parts.past.calls.add(event, '');
      if (event.type === 'settled') this.#give(event);
    }
  }

  #call(intent: string): PaidCall {
    const call = this.#parts.past.calls.get(intent);
    if (call === undefined) throw new Error(`The unit has no call ${intent}`);
    return call;
  }

  async #record(event: JournalEvent): Promise<void> {
    await this.#parts.store.record(event);
    this.#parts.past.calls.add(event, '');
  }

  #give({ reservedMicroUsd, spentMicroUsd }: SettledEvent): void {
    const { budget, unit } = this.#parts;
    budget.settle(unit.n, reservedMicroUsd, spentMicroUsd);
  }
}

/** What settles a call; one that is settled already keeps nothing set aside. */
export function settledEvent(
  call: PaidCall,
  spentMicroUsd: number,
  evidence: string,
): SettledEvent {
  if (call.spentMicroUsd !== undefined) throw new Error(`The call ${call.intent} is settled`);
  const { intent, reservedMicroUsd } = call;
  return { type: 'settled', intent, reservedMicroUsd, spentMicroUsd, evidence };
}

function answerLost(unit: ClaimedUnit): UnitFailedError {
  return new UnitFailedError(
    'PAID_ANSWER_LOST',
    'An answer that was paid for is not in the raw file any more. Retry the unit to pay for it again.',
    { unit: unit.key },
  );
}
