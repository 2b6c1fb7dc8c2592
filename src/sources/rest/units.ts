import type { RestSourceConfig } from '../../core/config/restSource.ts';
import { canonicalJson, scalarText, type JsonObject, type JsonValue } from '../../core/json.ts';
import { toFileName } from '../../core/names.ts';
import type { NewUnit } from '../../core/unit.ts';
import { openUrl } from './requestPlan.ts';

/** Room for the number that tells two groups apart. */
const longestName = 90;

/** One unit, and one group, for every combination of the values of `for`; the first name changes slowest. */
export function* planUnits(config: RestSourceConfig): Generator<NewUnit, void, void> {
  const groupNames = new GroupNames();
  for (const values of combinations(config.for)) {
    const url = openUrl(config, values);
    const texts = Object.values(values).map((value) => scalarText(value) ?? '');
    yield {
      key: texts.length === 0 ? config.url : canonicalJson(values),
      lane: url?.host ?? '',
      group: groupNames.next(texts.length === 0 ? (url?.host ?? '') : texts.join('_')),
      input: { for: values },
    };
  }
}

/** The values of `for` that a unit stands for. */
export function valuesOf(input: JsonObject): JsonObject {
  const values = input['for'];
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new Error('The input of this unit is not one of the REST source');
  return values as JsonObject;
}

/** Every combination, one at a time: there may be millions. */
function* combinations(lists: Readonly<Record<string, readonly JsonValue[]>>) {
  const names = Object.keys(lists);
  const places = names.map(() => 0);
  for (;;) {
    const values: [string, JsonValue][] = names.map((name, i) => [
      name,
      lists[name]?.[places[i] ?? 0] ?? null,
    ]);
    yield Object.fromEntries(values);
    let i = names.length - 1;
    for (; i >= 0; i--) {
      const place = (places[i] ?? 0) + 1;
      if (place < (lists[names[i] ?? '']?.length ?? 0)) {
        places[i] = place;
        break;
      }
      places[i] = 0;
    }
    if (i < 0) return;
  }
}

/** File names for groups. Combinations that would share one, also where case does not count, get different ones. */
class GroupNames {
  readonly #taken = new Set<string>();

  next(text: string): string {
    const wanted = toFileName(text);
    let name = wanted;
    for (let n = 2; this.#taken.has(name.toLowerCase()); n++)
      name = `${wanted.slice(0, longestName)}_${n}`;
    this.#taken.add(name.toLowerCase());
    return name;
  }
}
