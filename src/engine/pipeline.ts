import {
  codeOf,
  FaultError,
  messageOf,
  PauseError,
  RetryError,
  ThrottledError,
  UnitBlockedError,
  UnitFailedError,
  UnitSkippedError,
} from '../core/errors.ts';
import type { JournalEvent, RequeuedEvent, UnitError } from '../core/events.ts';
import type { JsonValue } from '../core/json.ts';
import type { ClaimedUnit, Unit } from '../core/unit.ts';
import type { CollectContext, Page, Source, StageWatch } from '../sources/source.ts';
import type { SessionStore } from '../storage/sessionStore.ts';
import { Outbox, rawLines } from './outbox.ts';
import type { Ledger } from './paid/ledger.ts';
import type { UnitLedger } from './paid/unitLedger.ts';
import type { Preparer } from './prepare.ts';

/** What the pipeline runs on. */
export interface PipelineParts<Item> {
  readonly source: Source<Item>;
  readonly store: SessionStore;
  readonly preparer: Preparer<Item>;
  readonly keepsRaw: boolean;
  /** What the session pays for; undefined where calls cost nothing. */
  readonly ledger: Ledger | undefined;
  readonly maxAttempts: number;
  readonly onNewUnits: (units: readonly Unit[]) => void;
}

/**
 * How carrying out a unit ended; what is durable is in the journal by then. `attempts` is what the unit has used up,
 * `cursor` where it goes on.
 */
export type UnitOutcome =
  | { readonly kind: 'finished' }
  | (GivenBack & { readonly kind: 'back' })
  | (GivenBack & { readonly kind: 'retry'; readonly delayMs: number | undefined })
  | (GivenBack & { readonly kind: 'throttled'; readonly delayMs: number })
  | (GivenBack & { readonly kind: 'pause'; readonly error: PauseError });

/** A unit that goes back to wait. */
interface GivenBack {
  readonly attempts: number;
  readonly cursor: JsonValue | undefined;
}

/**
 * Carries out one claimed unit. The flow of the whole engine: a source gives pages, items become records, records become
 * durable together with the cursor or the proof of the end that they belong to, and only then is the next page asked for.
 */
export async function carryOut<Item>(
  unit: ClaimedUnit,
  parts: PipelineParts<Item>,
  signal: AbortSignal,
  stages: StageWatch,
): Promise<UnitOutcome> {
  const { source, store, preparer } = parts;
  const outbox = new Outbox(store, unit, store.collection.durability, parts.onNewUnits);
  const calls = parts.ledger?.begin(unit, signal, stages);
  let outcome: UnitOutcome | undefined;
  try {
    for await (const { page, isKept } of pagesOf(unit, parts, calls, signal, stages)) {
      stages.enter('parse');
      const isRaw = parts.keepsRaw && !isKept;
      let raw = isRaw ? rawLines({ ...unit, cursor: outbox.cursor }, page, source) : [];
      if (calls !== undefined && page.answer !== undefined) {
        stages.enter('commit');
        const events = calls.answerEvents(page, outbox.cursor);
        await outbox.keep(raw, events);
        calls.answered(events);
        raw = [];
        stages.enter('parse');
      }
      const prepared = await preparer.prepare(page.items, unit);
      page.items.length = 0;
      const { units = [], duplicates } = page;
      stages.enter('commit');
      await outbox.put(prepared, units, raw, progressEvents(unit, page), duplicates);
      if (outbox.isCut) outcome = { kind: 'back', ...(await giveBack(outbox, 'limit', 0)) };
      else if (page.end !== undefined) outcome = { kind: 'finished' };
      if (outcome !== undefined) break;
      outbox.movedTo(page.cursor);
    }
    if (outcome !== undefined) return outcome;
    const message = `The ${source.type} source ended without showing that it was at the end.`;
    throw new UnitFailedError('END_NOT_PROVEN', message);
  } catch (error) {
    // What the unit has come to is in the journal: a source that fails while it is put away does not undo that.
    if (outcome !== undefined) return outcome;
    if (error instanceof FaultError) throw error;
    stages.enter('commit');
    await outbox.close();
    outcome = await settle(error, outbox, parts, calls, signal);
    return outcome;
  } finally {
    calls?.leave(outcome?.kind === 'retry' || outcome?.kind === 'throttled');
  }
}

/** A unit's pages: what was paid for and is on disk first, then what the source gives from there on. */
async function* pagesOf<Item>(
  unit: ClaimedUnit,
  { source, store }: PipelineParts<Item>,
  calls: UnitLedger | undefined,
  signal: AbortSignal,
  stages: StageWatch,
): AsyncGenerator<{ readonly page: Page<Item>; readonly isKept: boolean }, void, void> {
  let cursor: JsonValue | undefined = unit.cursor;
  if (calls !== undefined) {
    const kept = calls.kept(source);
    let next = await kept.next();
    for (; next.done !== true; next = await kept.next()) yield { page: next.value, isKept: true };
    if (next.value === undefined) return;
    cursor = next.value.cursor;
  }
  const context: CollectContext = {
    signal,
    stages,
    ...(calls === undefined ? {} : { calls }),
    ...(store.collection.limits.perKey === undefined
      ? {}
      : { hasRoomFor: (value) => store.hasRoomFor(value) }),
  };
  for await (const page of source.collect({ ...unit, cursor }, context)) {
    const { stage } = stages;
    yield { page, isKept: false };
    stages.enter(stage);
  }
}

/** What becomes true with a page: the cursor has moved, or the unit is done. */
function progressEvents<Item>(unit: ClaimedUnit, page: Page<Item>): JournalEvent[] {
  if (page.end !== undefined) {
    return [{ type: 'finished', unit: unit.n, state: 'done', proof: page.end }];
  }
  return page.cursor === undefined ? [] : [{ type: 'advanced', unit: unit.n, cursor: page.cursor }];
}

/** The class of an error decides what happens next. */
async function settle<Item>(
  error: unknown,
  outbox: Outbox,
  { store, maxAttempts }: PipelineParts<Item>,
  calls: UnitLedger | undefined,
  signal: AbortSignal,
): Promise<UnitOutcome> {
  const { unit } = outbox;
  if (signal.aborted) return { kind: 'back', ...(await giveBack(outbox, 'stopped', 0)) };
  if (error instanceof PauseError) {
    return { kind: 'pause', error, ...(await giveBack(outbox, 'stopped', 0)) };
  }
  if (error instanceof ThrottledError) {
    const back = await giveBack(outbox, 'throttled', 0, unitError(unit, error));
    return { kind: 'throttled', delayMs: error.delayMs, ...back };
  }
  if (error instanceof RetryError && outbox.attempt < maxAttempts) {
    const back = await giveBack(outbox, 'retry', 1, unitError(unit, error));
    return { kind: 'retry', delayMs: error.delayMs, ...back };
  }
  const settled = calls?.doubtEvents(codeOf(error)) ?? [];
  await store.record(...settled, {
    type: 'finished',
    unit: unit.n,
    state: finalState(error),
    error: unitError(unit, error),
  });
  calls?.answered(settled);
  return { kind: 'finished' };
}

function finalState(error: unknown): 'skipped' | 'blocked' | 'failed' {
  if (error instanceof UnitSkippedError) return 'skipped';
  if (error instanceof UnitBlockedError) return 'blocked';
  return 'failed';
}

/** Journals that a unit goes back to pending; `cost` is how many of its attempts that uses up. */
async function giveBack(
  outbox: Outbox,
  reason: RequeuedEvent['reason'],
  cost: 0 | 1,
  error?: UnitError,
): Promise<GivenBack> {
  const attempts = outbox.attempt - 1 + cost;
  await outbox.takeBack({
    type: 'requeued',
    unit: outbox.unit.n,
    reason,
    attempts,
    ...(error === undefined ? {} : { error }),
  });
  return { attempts, cursor: outbox.cursor };
}

function unitError(unit: ClaimedUnit, error: unknown): UnitError {
  return { key: unit.key, code: codeOf(error), message: messageOf(error) };
}
