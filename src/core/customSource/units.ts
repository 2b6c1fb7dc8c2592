import { UnitFailedError } from '../errors.ts';
import { parseJson, type JsonValue } from '../json.ts';
import { jsonTextOf } from './jsonText.ts';
import type { WirePlannedUnit } from './wire.ts';

/**
 * A unit that somebody's own code gave, its form checked.
 *
 * @throws UnitFailedError `SOURCE_BAD_UNIT`, `SOURCE_NOT_JSON`.
 */
export function unitOf(given: unknown): WirePlannedUnit {
  if (typeof given === 'string' && given !== '') return { key: given, input: {} };
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw badUnit(given);
  const { key, group, lane, input } = given as Partial<Record<string, unknown>>;
  if (typeof key !== 'string' || key === '') throw badUnit(given);
  if (!isTextOrNothing(group) || !isTextOrNothing(lane)) throw badUnit(given);
  return {
    key,
    ...(group === undefined ? {} : { group }),
    ...(lane === undefined ? {} : { lane }),
    input: input === undefined ? {} : plain(input, `input of the unit "${key.slice(0, 100)}"`),
  };
}

/** A copy that nobody else holds, as it is after its way through JSON. */
function plain(value: unknown, name: string): JsonValue {
  return parseJson(jsonTextOf(value, name));
}

function isTextOrNothing(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value !== '');
}

function badUnit(given: unknown): UnitFailedError {
  const isObject = typeof given === 'object' && given !== null;
  const shown = isObject ? `{ ${Object.keys(given).join(', ')} }` : JSON.stringify(given);
  return new UnitFailedError(
    'SOURCE_BAD_UNIT',
    `A unit is a text, or { key, group, lane, input } where all but input are texts; this one is ${shown}.`,
  );
}
