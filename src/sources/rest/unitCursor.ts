import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { LoopGuard } from './loopGuard.ts';

/** How far the paging of one unit has come: with the unit, all that is needed to go on. */
export interface UnitProgress {
  /** The place of the page to ask for next, in the paginator's terms. */
  readonly place: JsonValue;
  /** Items received so far, since the last start from the first page. */
  readonly items: number;
  /** How many items the API says there are, where it has said so. */
  readonly total: number | undefined;
  /** How often the unit was begun again because the counts differed. */
  readonly restarts: number;
  readonly guard: LoopGuard;
  /** It was paged to its end, and the counts differ: paging it again would be paid for again. */
  readonly hasEnded?: boolean;
}

/** Where a unit begins. */
export function firstProgress(place: JsonValue, restarts = 0): UnitProgress {
  const guard = LoopGuard.fromJson(undefined);
  guard.comesBackTo(place);
  return { place, items: 0, total: undefined, restarts, guard };
}

/** The cursor for the journal. */
export function toCursor({
  place,
  items,
  total,
  restarts,
  guard,
  hasEnded,
}: UnitProgress): JsonObject {
  return {
    place,
    items,
    ...(total === undefined ? {} : { total }),
    ...(restarts === 0 ? {} : { restarts }),
    guard: guard.toJson(),
    ...(hasEnded === true ? { ended: true } : {}),
  };
}

/** The progress of {@link toCursor}. */
export function fromCursor(cursor: JsonValue): UnitProgress {
  if (!isJsonObject(cursor) || cursor['place'] === undefined || typeof cursor['items'] !== 'number')
    throw new Error('The cursor of this unit is not one of the REST source');
  const { place, items, total, restarts, guard } = cursor;
  return {
    place,
    items,
    total: typeof total === 'number' ? total : undefined,
    restarts: typeof restarts === 'number' ? restarts : 0,
    guard: LoopGuard.fromJson(guard),
    hasEnded: cursor['ended'] === true,
  };
}
