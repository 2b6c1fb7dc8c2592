import type { JournalEvent } from '../../core/events.ts';
import type { PaidCall } from '../../core/paidCall.ts';

/** Calls that cost money, as the journal's events tell of them. */
export class CallTable {
  readonly #calls = new Map<string, PaidCall>();

  /** Takes in one event, in the journal's order; those that say nothing of a call, and of calls unknown, are passed over. */
  add(event: JournalEvent, at: string): void {
    switch (event.type) {
      case 'intent': {
        const { intent, unit, what, inputHash, reservedMicroUsd } = event;
        const nothingYet = { spentMicroUsd: undefined, handle: undefined, isAnswered: false };
        const call = { intent, unit, what, inputHash, intendedAt: at, reservedMicroUsd };
        this.#calls.set(intent, { ...call, ...nothingYet });
        return;
      }
      case 'handle':
        this.#change(event.intent, { handle: { kind: event.kind, id: event.id } });
        return;
      case 'answered':
        if (event.hasMore !== true) this.#change(event.intent, { isAnswered: true });
        return;
      case 'settled':
        this.#change(event.intent, { spentMicroUsd: event.spentMicroUsd });
        return;
      default:
        // Nothing else says what became of a call.
        return;
    }
  }

  get size(): number {
    return this.#calls.size;
  }

  get(intent: string): PaidCall | undefined {
    return this.#calls.get(intent);
  }

  /** All of them, oldest first. */
  all(): PaidCall[] {
    return [...this.#calls.values()];
  }

  #change(intent: string, change: Partial<PaidCall>): void {
    const call = this.#calls.get(intent);
    if (call !== undefined) this.#calls.set(intent, { ...call, ...change });
  }
}
