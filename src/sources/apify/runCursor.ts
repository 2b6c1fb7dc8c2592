import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { PaidCall } from '../../core/paidCall.ts';
import type { BoughtRun } from './runPurchase.ts';

/** Where a unit is: how many items of which run's dataset have been read. */
export interface RunCursor {
  readonly run: string;
  readonly intent: string;
  readonly offset: number;
}

export function toCursor({ run, intent }: BoughtRun, offset: number): JsonObject {
  return { run, intent, offset };
}

/** @throws Error for one that is not of the Apify source. */
export function readCursor(cursor: JsonValue | undefined): RunCursor | undefined {
  if (cursor === undefined) return undefined;
  if (isJsonObject(cursor)) {
    const { run, intent, offset } = cursor;
    if (typeof run === 'string' && typeof intent === 'string' && typeof offset === 'number')
      return { run, intent, offset };
  }
  throw new Error('The cursor of this unit is not one of the Apify source');
}

/**
 * The run that a cursor is in, where no call that is known has one: the journal lines that said so are lost. It is gone on
 * with all the same, and not bought again.
 */
export function runOfCursor(
  cursor: RunCursor | undefined,
  known: readonly PaidCall[],
): BoughtRun | undefined {
  if (cursor === undefined || known.some(({ handle }) => handle !== undefined)) return undefined;
  const { run, intent } = cursor;
  return { run, intent, isSettled: true, reservedMicroUsd: 0, isFromBefore: true };
}
