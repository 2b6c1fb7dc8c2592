import type { CommittedEvent, JournalEvent } from '../../core/events.ts';
import { unpackFingerprints, type Fingerprint } from '../../core/keys.ts';
import type { JsonValue } from '../../core/json.ts';
import type { IndexedUnit } from '../../storage/indexQueries.ts';
import type { SessionStore } from '../../storage/sessionStore.ts';
import type { WaitingUnit } from '../frontier.ts';

/** A failed unit that is to be tried again. */
export interface RetriedUnit extends WaitingUnit {
  /** What is journalled to bring it back. */
  readonly events: readonly JournalEvent[];
  /** Lines of it that are durable and that it will bring again: they are no duplicates then. */
  readonly keys: readonly Fingerprint[];
}

/** Failures that say nothing against the place in a unit where they happened: it goes on there. */
const passingFailures =
  /^(DNS_NOT_FOUND|CONNECT_TIMEOUT|CONNECTION_FAILED|REQUEST_TIMEOUT|BODY_CUT|BODY_DAMAGED|TLS_CERTIFICATE|RESPONSE_MALFORMED|HTTP_5\d\d|HTTP_UNAUTHORIZED|HTTP_FORBIDDEN|HTTP_RATE_LIMITED|HTTP_UNAVAILABLE|PROXY_UNAUTHORIZED|API_BUSY|CIRCUIT_OPEN|UNIT_INTERRUPTED)$/;

/**
 * Failed units of an open session, ready to be tried again: at their cursor where what failed them may have passed, else
 * from their start (a cursor that the other side refuses would be refused again).
 *
 * @param wanted their numbers; null for all. Units that did not fail are passed over.
 */
export async function retriedUnits(
  store: SessionStore,
  wanted: readonly number[] | null,
): Promise<RetriedUnit[]> {
  const chosen = wanted === null ? undefined : new Set(wanted);
  const failed = (await store.failedUnits()).filter((unit) => chosen?.has(unit.n) !== false);
  if (failed.length === 0) return [];
  const pasts = new Map(failed.map((unit) => [unit.n, new UnitPast()]));
  await store.readJournal(({ events }) => {
    for (const event of events) addToPasts(pasts, event);
  });
  return failed.map((unit) => retried(unit, pasts.get(unit.n) ?? new UnitPast()));
}

function retried({ error, ...unit }: IndexedUnit, past: UnitPast): RetriedUnit {
  const isAtCursor = past.cursor !== undefined && passingFailures.test(error?.code ?? '');
  const { keys, duplicates } = isAtCursor ? past.sinceCursor : past.all;
  const { n, key, lane, group, input } = unit;
  return {
    n,
    key,
    lane,
    group,
    input,
    cursor: isAtCursor ? past.cursor : undefined,
    attempts: 0,
    keys,
    events: [
      {
        type: 'requeued',
        unit: n,
        reason: 'asked',
        attempts: 0,
        from: 'failed',
        ...(duplicates > 0 ? { forget: duplicates } : {}),
      },
      ...(isAtCursor && past.cursor !== undefined
        ? [{ type: 'advanced' as const, unit: n, cursor: past.cursor }]
        : []),
    ],
  };
}

/** What a unit has brought, over all its tries. */
class UnitPast {
  cursor: JsonValue | undefined;
  all = nothing();
  sinceCursor = nothing();
  /** It was brought back after it had failed; whether at its cursor or not, the next event says. */
  #isBack = false;

  bring(keys: readonly Fingerprint[], duplicates: number): void {
    for (const part of [this.all, this.sinceCursor]) {
      part.keys.push(...keys);
      part.duplicates += duplicates;
    }
  }

  moveTo(cursor: JsonValue): void {
    this.cursor = cursor;
    // Brought back at its cursor, it will bring again what it had brought from there.
    if (!this.#isBack) this.sinceCursor = nothing();
    this.#isBack = false;
  }

  bringBack(): void {
    this.#isBack = true;
  }

  claim(): void {
    if (this.#isBack) this.startOver();
    this.#isBack = false;
  }

  startOver(): void {
    this.cursor = undefined;
    this.sinceCursor = { keys: [...this.all.keys], duplicates: this.all.duplicates };
  }
}

interface Brought {
  keys: Fingerprint[];
  duplicates: number;
}

function nothing(): Brought {
  return { keys: [], duplicates: 0 };
}

function addToPasts(pasts: ReadonlyMap<number, UnitPast>, event: JournalEvent): void {
  switch (event.type) {
    case 'committed':
      if (event.units.some(({ unit }) => pasts.has(unit))) addCommit(pasts, event);
      return;
    case 'taken':
      pasts.get(event.unit)?.bring(unpackFingerprints(event.keys), 0);
      return;
    case 'advanced':
      pasts.get(event.unit)?.moveTo(event.cursor);
      return;
    case 'requeued': {
      const past = pasts.get(event.unit);
      past?.bring([], -(event.forget ?? 0));
      if (event.reason === 'damaged') past?.startOver();
      if (event.reason === 'asked') past?.bringBack();
      return;
    }
    case 'claimed':
      pasts.get(event.unit)?.claim();
      return;
    case 'requeueSince':
      // Which units went back is not said; one that did not has its cursor no more either when it failed since.
      for (const past of pasts.values()) past.startOver();
      return;
    case 'damaged':
      forgetLost(pasts, unpackFingerprints(event.keys));
      return;
    default:
      // Nothing else says what a unit brought.
      return;
  }
}

function addCommit(pasts: ReadonlyMap<number, UnitPast>, { ranges, units }: CommittedEvent): void {
  for (const { unit, duplicates } of units) pasts.get(unit)?.bring([], duplicates);
  for (const { role, keys: packed } of ranges) {
    // Raw lines are never compared with what comes again.
    if (role === 'raw') continue;
    const keys = unpackFingerprints(packed);
    let at = 0;
    for (const tally of units) {
      const count = role === 'master' ? tally.records : tally.rejected;
      pasts.get(tally.unit)?.bring(keys.slice(at, at + count), 0);
      at += count;
    }
  }
}

function forgetLost(pasts: ReadonlyMap<number, UnitPast>, lost: readonly Fingerprint[]): void {
  if (lost.length === 0) return;
  const gone = new Set(lost);
  for (const past of pasts.values()) {
    past.all.keys = past.all.keys.filter((key) => !gone.has(key));
    past.sinceCursor.keys = past.sinceCursor.keys.filter((key) => !gone.has(key));
  }
}
