import {
  codeOf,
  CollectorError,
  messageOf,
  PauseError,
  RetryError,
  ThrottledError,
  UnitBlockedError,
  UnitSkippedError,
} from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import type { PreviewFailure } from '../../core/preview.ts';
import type { NewUnit, Unit } from '../../core/unit.ts';
import type { Source } from '../../sources/source.ts';

/** What one unit brought, as far as it was read. */
export interface Brought {
  readonly unit: Unit;
  readonly items: unknown[];
  readonly units: NewUnit[];
  duplicates: number;
  end: string | null;
  cursor: JsonValue | undefined;
  isCut: boolean;
  failure: PreviewFailure | null;
}

/** Enough items to see what becomes of them. */
const enoughItems = 20;
/** A list of a million sitemap entries shows no more than its first ones. */
const enoughUnits = 1000;
/** Pages that bring nothing at all, before a unit is given up. */
const maxEmptyPages = 3;

/**
 * Carries out one unit and writes nothing down: to its end, or until there is enough to show. A unit that goes on from
 * page to page is read for its first page with items only. What goes wrong is told, not thrown.
 *
 * @throws the signal's reason when it is aborted.
 */
export async function carryOutOnce(
  source: Source<unknown>,
  unit: Unit,
  signal: AbortSignal,
): Promise<Brought> {
  const brought: Brought = {
    unit,
    items: [],
    units: [],
    duplicates: 0,
    end: null,
    cursor: undefined,
    isCut: false,
    failure: null,
  };
  const pages = source.collect({ ...unit, cursor: undefined, attempt: 1 }, { signal });
  try {
    for (let count = 1; ; count += 1) {
      const { value: page, done } = await pages.next();
      if (done === true) break;
      brought.items.push(...page.items);
      brought.units.push(...(page.units ?? []));
      brought.duplicates += page.duplicates ?? 0;
      brought.cursor = page.cursor ?? brought.cursor;
      brought.end = page.end?.by ?? null;
      if (page.end !== undefined) break;
      const isOver = source.traits.resumesMidUnit
        ? brought.items.length > 0 || count >= maxEmptyPages
        : brought.items.length >= enoughItems || brought.units.length >= enoughUnits;
      if (isOver) {
        brought.isCut = !source.traits.resumesMidUnit;
        break;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    brought.failure = failureOf(error);
  } finally {
    // It may be in the middle of something that it has to put away.
    await pages.return().catch(() => undefined);
  }
  return brought;
}

/** What a session would do about an error, in a form that crosses to a screen. */
export function failureOf(error: unknown): PreviewFailure {
  return {
    kind: kindOf(error),
    code: codeOf(error),
    message: messageOf(error),
    data: error instanceof CollectorError ? error.data : {},
    delayMs:
      error instanceof RetryError || error instanceof ThrottledError
        ? (error.delayMs ?? null)
        : null,
  };
}

function kindOf(error: unknown): PreviewFailure['kind'] {
  if (error instanceof RetryError) return 'retry';
  if (error instanceof ThrottledError) return 'throttled';
  if (error instanceof UnitSkippedError) return 'skipped';
  if (error instanceof UnitBlockedError) return 'blocked';
  if (error instanceof PauseError) return 'setup';
  return 'failed';
}
