import { createHash } from 'node:crypto';
import serialize from 'dom-serializer';
import type { PageSourceConfig } from '../../core/config/htmlSource.ts';
import { canonicalJson } from '../../core/json.ts';
import { compileFields, type FieldReader } from '../html/fields.ts';
import type { HtmlItem } from '../html/htmlItem.ts';

/**
 * Which items of a page have been taken while it was worked. The page shows the same ones again and again, and drops
 * some of them when they are out of sight. Two that look the same are both taken when they are there at the same time:
 * so many of a kind are taken as were ever seen at once.
 */
export class TakenItems {
  readonly #taken = new Map<string, number>();
  /** What tells items apart: their fields, without facts about the page; undefined where there are none but those. */
  readonly #fields: FieldReader | undefined;

  constructor({ fields }: Pick<PageSourceConfig, 'fields'>) {
    const own = Object.entries(fields).filter(
      ([, field]) => typeof field === 'string' || field.from === undefined,
    );
    this.#fields = own.length === 0 ? undefined : compileFields(Object.fromEntries(own));
  }

  /** Those of the items on the page that were not taken before; from here on they are. */
  take(items: readonly HtmlItem[]): HtmlItem[] {
    const seen = new Map<string, number>();
    return items.filter((item) => {
      const id = this.#idOf(item);
      const count = (seen.get(id) ?? 0) + 1;
      seen.set(id, count);
      if (count <= (this.#taken.get(id) ?? 0)) return false;
      this.#taken.set(id, count);
      return true;
    });
  }

  #idOf(item: HtmlItem): string {
    const text =
      this.#fields === undefined
        ? serialize('root' in item.place ? item.place.root : item.place)
        : canonicalJson(this.#fields(item));
    return createHash('sha1').update(text).digest('base64');
  }
}
