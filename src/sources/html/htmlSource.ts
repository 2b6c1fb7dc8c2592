import type { HtmlSourceConfig } from '../../core/config/htmlSource.ts';
import type { HostHealth } from '../../core/events.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ClaimedUnit, NewUnit, Unit } from '../../core/unit.ts';
import type { HttpResponse } from '../http/client.ts';
import type {
  CollectContext,
  Page,
  Source,
  SourceContext,
  SourceTraits,
  StageWatch,
} from '../source.ts';
import { canonicalUrl, type CanonicalUrl } from './canonicalUrl.ts';
import { decodeHtml } from './charset.ts';
import type { HtmlItem } from './htmlItem.ts';
import { isHtmlType, notHtml } from './htmlType.ts';
import { movedAway, onePage, PageWalk, type PageWalkOptions } from './pageWalk.ts';
import { isSitemap } from './units.ts';

/**
 * A source that walks web pages by their links and takes records out of them. Each canonical URL is one unit and is
 * fetched once in a session; a page that redirects to another is done with that, and the other is a unit of its own.
 * `<link rel="canonical">` is not looked at: it is the page's word about its content, and often wrong.
 *
 * @throws Error for a configuration that `checkPageConfig` finds problems in.
 */
export function createHtmlSource(
  config: HtmlSourceConfig,
  context: SourceContext,
  options: PageWalkOptions = {},
): Source<HtmlItem> {
  return new HtmlSource(config, context, options);
}

class HtmlSource implements Source<HtmlItem> {
  readonly type = 'html';
  readonly traits: SourceTraits = { paid: false, discovers: true, resumesMidUnit: false };
  readonly #walk: PageWalk;

  constructor(config: HtmlSourceConfig, context: SourceContext, options: PageWalkOptions) {
    this.#walk = new PageWalk(config, context, options);
  }

  async *plan(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    yield* this.#walk.plan(signal);
  }

  async *collect(
    unit: ClaimedUnit,
    { signal, stages }: CollectContext,
  ): AsyncGenerator<Page<HtmlItem>, void, void> {
    signal.throwIfAborted();
    if (isSitemap(unit)) {
      yield* this.#walk.collectSitemap(unit, signal, stages);
      return;
    }
    const { quota } = this.#walk;
    quota.take(unit);
    let page: Page<HtmlItem> | undefined;
    try {
      page = await this.#collectPage(unit, signal, stages);
    } finally {
      if (page?.end !== onePage) quota.giveBack(unit);
    }
    yield page;
  }

  map(item: HtmlItem): JsonObject {
    return this.#walk.map(item);
  }

  toRaw(item: HtmlItem): JsonValue {
    return this.#walk.toRaw(item);
  }

  fromRaw(raw: JsonValue, unit: Unit): HtmlItem {
    return this.#walk.fromRaw(raw, unit);
  }

  provenance(item: HtmlItem): { readonly url: string; readonly fetchedAt: string } {
    return this.#walk.provenance(item);
  }

  health(): readonly HostHealth[] {
    return this.#walk.health();
  }

  close(): Promise<void> {
    return this.#walk.close();
  }

  async #collectPage(
    unit: ClaimedUnit,
    signal: AbortSignal,
    stages: StageWatch | undefined,
  ): Promise<Page<HtmlItem>> {
    const { http, redirects } = this.#walk;
    const minDelayMs = await this.#walk.admit(unit.key, signal);
    let movedTo: CanonicalUrl | undefined;
    try {
      const response = await http.fetch({
        url: unit.key,
        signal,
        stages,
        minDelayMs,
        onRedirect: (_from, to) => {
          const target = canonicalUrl(to);
          if (target === null || redirects.leadsBack(unit, target)) return;
          movedTo = target;
          throw new Error('The page has moved.');
        },
      });
      return await this.#readPage(unit, response);
    } catch (error) {
      if (movedTo === undefined || signal.aborted) throw error;
      return { items: [], units: [redirects.moved(unit, movedTo)], end: movedAway };
    }
  }

  async #readPage(unit: ClaimedUnit, response: HttpResponse): Promise<Page<HtmlItem>> {
    const { url, body, status, receivedAt } = response;
    const contentType = response.header('content-type');
    if (!isHtmlType(contentType, body)) throw notHtml(unit.key, contentType);
    const html = decodeHtml(body, contentType);
    const page = this.#walk.read(unit, {
      html,
      url,
      page: canonicalUrl(url)?.url ?? unit.key,
      status,
      receivedAt,
      robotsTag: response.header('x-robots-tag'),
    });
    const { items, units } = page;
    const told = this.#walk.tellMisses({ url: unit.key, html, page, hasItems: items.length > 0 });
    if (told !== undefined) await told;
    return { items, units, end: onePage };
  }
}
