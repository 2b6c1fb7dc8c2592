import { UsageError } from '../../core/errors.ts';
import type { JournalEvent } from '../../core/events.ts';
import { dollars } from '../../core/format.ts';
import type { PaidCall } from '../../core/paidCall.ts';
import type { InDoubtWord } from '../../core/recoveryData.ts';
import type { DoubtRule } from '../../sources/source.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import { journalStart } from '../../storage/journal.ts';
import { scanJournal } from '../../storage/journalReader.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import type { SessionStore } from '../../storage/sessionStore.ts';
import { recordKeptPages } from '../paid/readPasts.ts';
import { PaidCalls } from './money.ts';

const namedCalls = 5;
const unitsAtOnce = 1000;
/**
 * Refuses to take a session up whose paid calls wait for a person: calls of which it is not known whether they left, and a
 * damaged journal, in whose lines there may be some.
 *
 * @throws UsageError `IN_DOUBT` naming them.
 */
export async function refuseInDoubt(
  fileSystem: FileSystem,
  layout: SessionLayout,
  rule: DoubtRule,
): Promise<void> {
  const calls = new PaidCalls();
  const facts = { wasGapSettled: false };
  const { gaps } = await scanJournal(fileSystem, layout.journal, journalStart, (entry) => {
    for (const event of entry.events) {
      calls.add(event, entry.at);
      if (event.type === 'recovered' && event.journalGaps > 0) facts.wasGapSettled = true;
    }
  });
  if (gaps.length > 0 && !facts.wasGapSettled) throw gapInDoubt(layout);
  const inDoubt = rule === 'ask' ? calls.inDoubt() : [];
  if (inDoubt.length > 0) throw callsInDoubt(layout, inDoubt);
}

function callsInDoubt({ session }: SessionLayout, inDoubt: readonly PaidCall[]): UsageError {
  const named = inDoubt.slice(0, namedCalls).map((call) => `  ${call.intent}  ${describe(call)}`);
  if (inDoubt.length > namedCalls) named.push(`  and ${inDoubt.length - namedCalls} more`);
  return new UsageError(
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

function gapInDoubt({ session, journal }: SessionLayout): UsageError {
  return new UsageError(
    'IN_DOUBT',
    `Lines of the journal of ${session} are damaged (${journal}), and paid calls may be in them that would be made ` +
      'again. Look at the other side for calls that are not in the journal, and say what to do: make again what the ' +
      'journal does not know, or fail the units that were under way. Money in those lines is not counted.',
    { session, calls: [] },
  );
}

function describe({ what, unit, reservedMicroUsd }: PaidCall): string {
  return `${what}, unit ${unit}, up to ${dollars(reservedMicroUsd)}`;
}

/** What is to become of calls in doubt. */
export interface DoubtSettlement {
  readonly rule: DoubtRule;
  /** A person's word; undefined: nobody was asked. */
  readonly word: InDoubtWord | undefined;
  /** Lines of the journal are newly found to be damaged. */
  readonly hasNewGap: boolean;
}

/**
 * Carries out a person's word, or else the collection's, on the calls in doubt of an open session, durably.
 *
 * @returns how many calls that settled.
 * @throws UsageError `IN_DOUBT` where there are calls in doubt and no word.
 */
export async function settleInDoubt(
  store: SessionStore,
  { rule, word: asked, hasNewGap }: DoubtSettlement,
): Promise<number> {
  await recordKeptPages(store);
  const calls = new PaidCalls();
  let lastClaimed = 0;
  await store.readJournal(({ events, at }) => {
    for (const event of events) {
      calls.add(event, at);
      if (event.type === 'claimed') lastClaimed = Math.max(lastClaimed, event.unit);
    }
  });
  const word = asked ?? (rule === 'repeat' ? rule : undefined);
  // Those that the source looks up are its business.
  const inDoubt = rule === 'look-up' ? [] : calls.inDoubt();
  if (word === undefined) {
    if (inDoubt.length > 0) throw callsInDoubt(store.layout, inDoubt);
    return 0;
  }
  const events: JournalEvent[] = inDoubt.map(({ intent, reservedMicroUsd }) => ({
    type: 'settled',
    intent,
    reservedMicroUsd,
    // Nobody knows that it did not leave, so the budget takes the worst case.
    spentMicroUsd: reservedMicroUsd,
    evidence: asked === undefined ? 'onDoubt: repeat' : `asked a person: ${word}`,
  }));
  if (word === 'count-as-spent') {
    const failed = new Map(inDoubt.map(({ unit, what }) => [unit, `"${what}"`]));
    if (hasNewGap) {
      for (const n of await unitsMaybeInGap(store, lastClaimed)) {
        if (!failed.has(n)) failed.set(n, 'a call in damaged lines of the journal');
      }
    }
    for (const [n, what] of failed) {
      const unit = await store.unit(n);
      if (unit?.state === 'pending') events.push(failedInDoubt(n, unit.key, what));
    }
  }
  if (events.length > 0) await store.record(...events);
  return inDoubt.length;
}

/**
 * Units of which a call may be in damaged lines: they wait at their start as if they had never been worked on, although
 * units after them were.
 */
async function unitsMaybeInGap(store: SessionStore, lastClaimed: number): Promise<number[]> {
  const found: number[] = [];
  for (const { lane } of await store.pendingByLane()) {
    let after = 0;
    for (;;) {
      const units = await store.pendingUnits(lane, after, unitsAtOnce);
      for (const { n, cursor } of units) {
        if (n <= lastClaimed && cursor === undefined) found.push(n);
      }
      after = units.at(-1)?.n ?? Infinity;
      if (after >= lastClaimed) break;
    }
  }
  return found;
}

function failedInDoubt(unit: number, key: string, what: string): JournalEvent {
  return {
    type: 'finished',
    unit,
    state: 'failed',
    from: 'pending',
    error: {
      key,
      code: 'PAID_CALL_IN_DOUBT',
      message: `It is not known whether ${what} left; its money counts as spent.`,
    },
  };
}
