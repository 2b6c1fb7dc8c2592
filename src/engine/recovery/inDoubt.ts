import { UsageError } from '../../core/errors.ts';
import type { JournalEvent } from '../../core/events.ts';
import type { InDoubtWord } from '../../core/recoveryData.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import { journalStart } from '../../storage/journal.ts';
import { scanJournal } from '../../storage/journalReader.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import type { SessionStore } from '../../storage/sessionStore.ts';
import { PaidCalls, type PaidCall } from './money.ts';

const namedCalls = 5;

/** Refuses to take a session up that has paid calls in doubt. @throws UsageError `IN_DOUBT` naming them. */
export async function refuseInDoubt(fileSystem: FileSystem, layout: SessionLayout): Promise<void> {
  const calls = new PaidCalls();
  await scanJournal(fileSystem, layout.journal, journalStart, ({ events }) => {
    for (const event of events) calls.add(event);
  });
  const inDoubt = calls.inDoubt();
  if (inDoubt.length === 0) return;
  const named = inDoubt.slice(0, namedCalls).map((call) => `  ${call.intent}  ${describe(call)}`);
  if (inDoubt.length > namedCalls) named.push(`  and ${inDoubt.length - namedCalls} more`);
  const { session } = layout;
  throw new UsageError(
    'IN_DOUBT',
    `It is not known whether paid calls of ${session} left before its process ended:\n${named.join('\n')}\n` +
      'Look at the other side whether they did, and say what to do. Their money counts as spent either way.',
    {
      session,
      calls: inDoubt.map(({ intent, what, unit, reservedMicroUsd }) => ({
        intent,
        what,
        unit,
        reservedMicroUsd,
      })),
    },
  );
}

function describe({ what, unit, reservedMicroUsd }: PaidCall): string {
  return `${what}, unit ${unit}, up to $${(reservedMicroUsd / 1e6).toFixed(2)}`;
}

/**
 * Carries out a person's word on the calls in doubt of an open session, durably.
 *
 * @returns how many calls that settled.
 */
export async function settleInDoubt(store: SessionStore, word: InDoubtWord): Promise<number> {
  const calls = new PaidCalls();
  await store.readJournal(({ events }) => {
    for (const event of events) calls.add(event);
  });
  const inDoubt = calls.inDoubt();
  const events: JournalEvent[] = [];
  const failed = new Set<number>();
  for (const call of inDoubt) {
    events.push({
      type: 'settled',
      intent: call.intent,
      reservedMicroUsd: call.reservedMicroUsd,
      // Nobody knows that it did not leave, so the budget takes the worst case.
      spentMicroUsd: call.reservedMicroUsd,
      evidence: `asked a person: ${word}`,
    });
    if (word === 'repeat' || failed.has(call.unit)) continue;
    const unit = await store.unit(call.unit);
    if (unit?.state !== 'pending') continue;
    failed.add(call.unit);
    events.push({
      type: 'finished',
      unit: call.unit,
      state: 'failed',
      from: 'pending',
      error: {
        key: unit.key,
        code: 'PAID_CALL_IN_DOUBT',
        message: `It is not known whether "${call.what}" left; its money counts as spent.`,
      },
    });
  }
  if (events.length > 0) await store.record(...events);
  return inDoubt.length;
}
