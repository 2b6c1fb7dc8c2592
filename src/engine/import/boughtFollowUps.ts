import type { Collection } from '../../core/config.ts';
import type { ApifySourceConfig } from '../../core/config/apifySource.ts';
import { getKey, setKey, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { NewUnit } from '../../core/unit.ts';
import { followUpUnit } from '../../sources/apify/apifyUnits.ts';
import type { EarlierRecord } from './earlierRecords.ts';

/**
 * The further runs that earlier pairs came from, as units of a collection of Apify runs: what was bought for them is there,
 * and is not bought again. The last one may have been cut off in the middle, so it is left out.
 */
export async function boughtFollowUps(
  { source, record: { key = [] } }: Collection,
  records: AsyncIterable<EarlierRecord>,
): Promise<NewUnit[]> {
  if (source.type !== 'apify' || source.followUp === undefined) return [];
  const units = new Map<string, NewUnit>();
  let last: string | undefined;
  for await (const { record } of records) {
    if (key.some((field) => (getKey(record, field) ?? null) === null)) continue;
    const { for: forValues, parent } = valuesOf(source, record);
    const of = { input: { for: forValues }, group: 'imported' };
    const unit = followUpUnit(source, source.followUp, of, parent);
    if (unit === undefined) continue;
    units.set(unit.key, unit);
    last = unit.key;
  }
  if (last !== undefined) units.delete(last);
  return [...units.values()];
}

/** What a record says of the values that it was made with. */
function valuesOf(
  { fields }: ApifySourceConfig,
  record: JsonObject,
): { readonly for: JsonObject; readonly parent: JsonObject } {
  const values: Record<'for' | 'parent', Record<string, JsonValue>> = { for: {}, parent: {} };
  for (const [field, from] of Object.entries(fields ?? {})) {
    if (typeof from === 'string') continue;
    const [, group, name] = /^(for|parent)\.(\w+)$/.exec(from.from) ?? [];
    const value = getKey(record, field);
    if ((group !== 'for' && group !== 'parent') || name === undefined || value === undefined)
      continue;
    setKey(values[group], name, value);
  }
  return values;
}
