import type { EndProof } from './events.ts';
import { isJsonObject, parseJson, type JsonValue } from './json.ts';
import type { NewUnit } from './unit.ts';

/** What every line of a raw file says of itself. */
interface RawLineBase {
  /** The unit's number. */
  readonly unit: number;
  /** The paid call that brought it; null where calls cost nothing. */
  readonly intent: string | null;
  /** Where the unit was when it asked for the page; null at its start. */
  readonly cursor: JsonValue;
}

/** An item as received: `{unit, intent, cursor, i, item}`. */
export interface RawItemLine extends RawLineBase {
  readonly isEnd: false;
  /** Its place in the page, from 0. */
  readonly i: number;
  readonly item: JsonValue;
}

/** The mark at the end of a page, with what else the page brought: `{unit, intent, cursor, end, items, next, …}`. */
export interface RawEndLine extends RawLineBase {
  readonly isEnd: true;
  /** How many items the page has. */
  readonly items: number;
  /** Where the unit goes on; null where the page says nothing of that. */
  readonly next: JsonValue;
  /** The unit is finished with this page. */
  readonly proof?: EndProof;
  readonly units?: readonly NewUnit[];
  readonly duplicates?: number;
  /** The call has more pages to give. */
  readonly hasMore?: true;
}

/** Reads a line of a raw file; undefined when it is none. */
export function rawLineOf(line: Uint8Array): RawItemLine | RawEndLine | undefined {
  const value = parseOrUndefined(Buffer.from(line.buffer, line.byteOffset, line.length).toString());
  if (!isJsonObject(value) || typeof value['unit'] !== 'number') return undefined;
  const { unit, intent = null, cursor = null } = value;
  if (intent !== null && typeof intent !== 'string') return undefined;
  const base = { unit, intent, cursor };
  if (value['end'] !== true) {
    const { i, item } = value;
    if (typeof i !== 'number' || item === undefined) return undefined;
    return { ...base, isEnd: false, i, item };
  }
  const { items, next = null, proof, units, duplicates, hasMore } = value;
  if (typeof items !== 'number') return undefined;
  return {
    ...base,
    isEnd: true,
    items,
    next,
    // As `rawLines` has written them.
    ...(proof === undefined ? {} : { proof: proof as unknown as EndProof }),
    ...(units === undefined ? {} : { units: units as unknown as readonly NewUnit[] }),
    ...(typeof duplicates === 'number' ? { duplicates } : {}),
    ...(hasMore === true ? { hasMore } : {}),
  };
}

function parseOrUndefined(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
