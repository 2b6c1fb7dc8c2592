import type { JournalEvent } from '../../core/events.ts';
import type { SessionStore } from '../../storage/sessionStore.ts';
import { readPageMarks } from './keptPage.ts';
import { PaidPasts, type RawRange } from './paidPast.ts';
import { settledEvent } from './unitLedger.ts';

/** Reads what units have paid for from the journal, and which of their pages are kept. */
export async function readPasts(store: SessionStore, units: readonly number[]): Promise<PaidPasts> {
  return (await readAll(store, units)).pasts;
}

/**
 * Journals the pages that were on disk when the power went before the journal had them, of the units that wait, and what
 * they cost. To be done when a session was opened, before anything about its paid calls is decided.
 */
export async function recordKeptPages(store: SessionStore): Promise<void> {
  const units = await store.pendingPaidUnits();
  if (units.length === 0) return;
  const { unknown } = await readAll(store, units);
  if (unknown.length > 0) await store.record(...unknown);
}

interface ReadPasts {
  readonly pasts: PaidPasts;
  /** What is true by the raw file, and not in the journal. */
  readonly unknown: readonly JournalEvent[];
}

async function readAll(store: SessionStore, units: readonly number[]): Promise<ReadPasts> {
  const pasts = new PaidPasts(units);
  await store.readJournal(({ events, at }) => {
    for (const event of events) pasts.add(event, at);
  });
  const unknown: JournalEvent[] = [];
  for (const range of pasts.adopted) unknown.push(...(await takeAdopted(store, pasts, range)));
  return { pasts, unknown };
}

/** Finds the pages in a part of the raw file that no commit names. */
async function takeAdopted(
  store: SessionStore,
  pasts: PaidPasts,
  range: RawRange,
): Promise<JournalEvent[]> {
  const unknown: JournalEvent[] = [];
  for (const { unit, intent, cursor, hasMore } of await readPageMarks(store, range)) {
    const past = pasts.get(unit);
    const call = intent === null ? undefined : past?.calls.get(intent);
    if (past === undefined || intent === null || call === undefined) continue;
    const isJournalled = past.pageAt(cursor)?.intent === intent;
    past.keep(cursor, { intent, ranges: [range] });
    if (isJournalled) continue;
    const more = hasMore === true ? { hasMore } : {};
    unknown.push({ type: 'answered', unit, intent, cursor, ...more });
    // A call that has no name at the other side is over with its answer.
    if (call.spentMicroUsd === undefined && call.handle === undefined) {
      unknown.push(settledEvent(call, call.reservedMicroUsd, 'its answer is in the raw file'));
    }
  }
  return unknown;
}
