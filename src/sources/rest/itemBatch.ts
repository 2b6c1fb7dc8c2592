import { UnitFailedError } from '../../core/errors.ts';
import { getKey, isJsonObject, setKey, type JsonValue } from '../../core/json.ts';
import type { BatchRule } from './paginate/paginator.ts';
import type { RestItem } from './restItem.ts';

/** A batch is one page of the API (MediaWiki: at most 5000): more than this means that its end is not seen. */
const mostHeld = 20_000;

/**
 * Items whose parts come in several answers, held until all of them are there: what is half there must not become a
 * record, since its other half would be dropped as a duplicate.
 */
export class ItemBatch {
  readonly #rule: BatchRule;
  /** In the order in which they came; parts that stand for themselves have a key of their own. */
  readonly #items = new Map<string | symbol, RestItem>();

  constructor(rule: BatchRule) {
    this.#rule = rule;
  }

  /**
   * Takes in the items of one answer.
   *
   * @throws UnitFailedError when the end of the batch does not come.
   */
  add(items: readonly RestItem[]): void {
    for (const item of items) {
      const id = this.#rule.identify(item.value) ?? Symbol('item');
      const before = this.#items.get(id);
      const value = before === undefined ? item.value : joined(before.value, item.value);
      this.#items.set(id, { value, facts: item.facts });
    }
    if (this.#items.size <= mostHeld) return;
    throw new UnitFailedError(
      'PAGINATION_BATCH_ENDLESS',
      `${this.#items.size} items are held because no answer has shown that all their parts have come. Look at source.paginate.batchEnd.`,
    );
  }

  /** Gives what is held, and holds nothing any more. */
  take(): RestItem[] {
    const items = [...this.#items.values()];
    this.#items.clear();
    return items;
  }
}

/** Lists one after the other, objects key by key; of two other values the newer one, where it is one. */
function joined(earlier: JsonValue, later: JsonValue): JsonValue {
  if (Array.isArray(earlier) && Array.isArray(later))
    return (earlier as readonly JsonValue[]).concat(later as readonly JsonValue[]);
  if (!isJsonObject(earlier) || !isJsonObject(later)) return later ?? earlier;
  const both: Record<string, JsonValue> = {};
  for (const key of new Set([...Object.keys(earlier), ...Object.keys(later)])) {
    const [first, second] = [getKey(earlier, key), getKey(later, key)];
    const value =
      first === undefined ? second : second === undefined ? first : joined(first, second);
    setKey(both, key, value ?? null);
  }
  return both;
}
