import type { JournalEvent } from '../../core/events.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import { journalStart } from '../../storage/journal.ts';
import { scanJournal } from '../../storage/journalReader.ts';
import type { SessionLayout } from '../../storage/layout.ts';

/**
 * The money of calls of which it is not known whether they left: by the journal they were about to, and nothing has come
 * of it. Calls that this process has under way are not in doubt: what becomes of them is seen.
 */
export class CallsInDoubt {
  /** What is set aside for calls of which no more is known, by their intent. */
  readonly #reserved = new Map<string, number>();
  readonly #underWay = new Set<string>();

  /** Takes in an event, in the journal's order. */
  add(event: JournalEvent): void {
    switch (event.type) {
      case 'intent':
        this.#reserved.set(event.intent, event.reservedMicroUsd);
        return;
      case 'handle':
      case 'settled':
        this.#reserved.delete(event.intent);
        return;
      case 'answered':
        if (event.hasMore !== true) this.#reserved.delete(event.intent);
        return;
      default:
        // Nothing else says what became of a call.
        return;
    }
  }

  /** This process is about to make a call. */
  begin(intent: string): void {
    this.#underWay.add(intent);
  }

  /** What becomes of these calls is seen no more. */
  end(intents: Iterable<string>): void {
    for (const intent of intents) this.#underWay.delete(intent);
  }

  /** All of it together. */
  get microUsd(): number {
    let sum = 0;
    for (const [intent, reserved] of this.#reserved) {
      if (!this.#underWay.has(intent)) sum += reserved;
    }
    return sum;
  }
}

/** The money of a session's calls in doubt that nobody carries out, millionths of a US dollar: by its journal. */
export async function inDoubtMicroUsdOf(
  fileSystem: FileSystem,
  { journal }: SessionLayout,
): Promise<number> {
  const calls = new CallsInDoubt();
  await scanJournal(fileSystem, journal, journalStart, ({ events }) => {
    for (const event of events) calls.add(event);
  });
  return calls.microUsd;
}
