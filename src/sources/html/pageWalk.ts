import type { PageSourceConfig } from '../../core/config/htmlSource.ts';
import { UnitSkippedError } from '../../core/errors.ts';
import type { EndProof, HostHealth } from '../../core/events.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ClaimedUnit, NewUnit, Unit } from '../../core/unit.ts';
import { forValuesOf } from '../forValues/forUnits.ts';
import { HttpClient } from '../http/client.ts';
import type { Page, SourceContext, StageWatch } from '../source.ts';
import { canonicalUrl } from './canonicalUrl.ts';
import { parseHtml, type HtmlDocument } from './document.ts';
import { compileFields, type FieldReader, type PageFacts } from './fields.ts';
import { itemFromRaw, itemToRaw, type HtmlItem } from './htmlItem.ts';
import { baseOf, isNofollowPage, LinkFinder } from './links.ts';
import { Misses, type LookedAt } from './misses.ts';
import { PageQuota } from './pageQuota.ts';
import { Redirects } from './redirects.ts';
import { productToken, RobotsCache } from './robots.ts';
import { planRoots } from './roots.ts';
import { Scope } from './scope.ts';
import { compileSelector, type Selector } from './selector.ts';
import { readSitemap, type SitemapEntry } from './sitemap.ts';
import { Turns } from './turns.ts';
import { depthOf, heritageOf, pageUnit, sitemapUnit, urlOf } from './units.ts';

/** What proves that a page was read to its end. */
export const onePage: EndProof = { by: 'one page' };
/** The page's content is at another address. */
export const movedAway: EndProof = { by: 'redirect' };

/** Units handed over at once: a large sitemap neither waits for its end nor makes one huge commit. */
const unitsAtOnce = 1_000;
/** The sitemap protocol's own limit, decompressed. */
const maxSitemapBytes = 50 * 1024 * 1024;
/** An index in an index is not allowed, but done. */
const maxSitemapNesting = 3;

/** What a source that walks pages may be told beside its context. */
export interface PageWalkOptions {
  /** Page units of a host that the session has done before now: `scope.maxPagesPerHost` counts on from there. */
  readonly pagesDone?: (host: string) => number;
}

/** A page as it was received. */
export interface ReceivedPage {
  readonly html: string;
  /** The address that answered. */
  readonly url: string;
  /** Its canonical address. */
  readonly page: string;
  readonly status: number;
  /** ISO time. */
  readonly receivedAt: string;
  /** The `X-Robots-Tag` header. */
  readonly robotsTag: string | undefined;
}

/** What a page holds. */
export interface ReadPage {
  readonly document: HtmlDocument;
  readonly items: HtmlItem[];
  /** Pages that its links lead to. */
  readonly units: NewUnit[];
}

/**
 * What sources that walk web pages by their links have in common, whatever opens the pages: the plan, sitemaps, robots,
 * scope and limits, and what is taken out of a page. Each canonical URL is one unit.
 */
export class PageWalk {
  readonly http: HttpClient;
  readonly scope: Scope;
  readonly redirects: Redirects;
  readonly quota: PageQuota;
  readonly #config: PageSourceConfig;
  readonly #context: SourceContext;
  readonly #links: LinkFinder;
  readonly #items: Selector | undefined;
  readonly #fields: FieldReader;
  readonly #misses: Misses;
  /** undefined where robots.txt is ignored. */
  readonly #robots: RobotsCache | undefined;
  /** One sitemap is read at a time: each may be 50 MB, and its URLs a million objects. */
  readonly #sitemapTurns = new Turns();
  /** Our name in robots rules. */
  readonly #agent: string;
  #isClosed = false;

  /** @throws Error for a configuration that `checkPageConfig` finds problems in. */
  constructor(config: PageSourceConfig, context: SourceContext, options: PageWalkOptions) {
    this.#config = config;
    this.#context = context;
    this.http = new HttpClient({
      context,
      request: config.request,
      headers: { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.5' },
    });
    this.scope = new Scope(config);
    this.#links = new LinkFinder(config.follow, this.scope);
    this.#items = config.items === undefined ? undefined : compileSelector(config.items);
    this.#fields = compileFields(config.fields);
    this.#misses = new Misses(config, context);
    this.#agent = productToken(userAgentOf(config));
    this.#robots =
      config.robots === 'ignore'
        ? undefined
        : new RobotsCache({
            http: this.http,
            clock: context.clock,
            backoff: context.retry,
            agent: this.#agent,
          });
    this.redirects = new Redirects(config.request.maxRedirects, this.scope);
    this.quota = new PageQuota(config.scope.maxPagesPerHost, options.pagesDone);
  }

  /** The units to begin with. */
  plan(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    return planRoots(this.#config, this.#context, signal);
  }

  /**
   * Asks robots.txt whether a page may be fetched.
   *
   * @returns the least time between two requests to the host, milliseconds.
   * @throws UnitBlockedError, ThrottledError as `RobotsCache.admit` does.
   */
  async admit(url: string, signal: AbortSignal): Promise<number> {
    return (await this.#robots?.admit(url, signal)) ?? 0;
  }

  /** Takes items and links out of a page of a unit. */
  read(unit: Unit, received: ReceivedPage): ReadPage {
    const { html, url } = received;
    const document = parseHtml(html);
    const facts: PageFacts = {
      url,
      page: received.page,
      base: baseOf(document, url),
      depth: depthOf(unit),
      fetchedAt: received.receivedAt,
      status: received.status,
      for: forValuesOf(unit.input),
    };
    const items: HtmlItem[] =
      this.#items === undefined
        ? [{ place: document, html, facts }]
        : this.#items.all(document).map((place) => ({ place, facts }));
    return { document, items, units: this.#followed(unit, document, facts, received.robotsTag) };
  }

  /**
   * Tells of selectors that matched nothing on a page.
   *
   * @returns undefined when there is nothing to wait for.
   */
  tellMisses(looked: LookedAt): Promise<void> | undefined {
    return this.#misses.tell(looked);
  }

  /** Carries out a sitemap's unit. */
  async *collectSitemap(
    unit: ClaimedUnit,
    signal: AbortSignal,
    stages: StageWatch | undefined,
  ): AsyncGenerator<Page<HtmlItem>, void, void> {
    stages?.enter('wait');
    const endTurn = await this.#sitemapTurns.take(signal);
    try {
      stages?.enter('fetch');
      yield* this.#readSitemap(unit, signal, stages);
    } finally {
      endTurn();
    }
  }

  /** The record of an item. */
  map(item: HtmlItem): JsonObject {
    return this.#fields(item);
  }

  /** An item for the raw file. */
  toRaw(item: HtmlItem): JsonValue {
    return itemToRaw(item);
  }

  /** An item from the raw file. */
  fromRaw(raw: JsonValue, unit: Unit): HtmlItem {
    return itemFromRaw(raw, unit);
  }

  /** Where and when an item was received. */
  provenance({ facts }: HtmlItem): { readonly url: string; readonly fetchedAt: string } {
    return { url: facts.page, fetchedAt: facts.fetchedAt };
  }

  /** How each host is doing. */
  health(): readonly HostHealth[] {
    return this.http.health();
  }

  /** Ends what is under way. */
  close(): Promise<void> {
    if (!this.#isClosed) this.#misses.tellAtEnd();
    this.#isClosed = true;
    return this.http.close();
  }

  #followed(
    unit: Unit,
    document: HtmlDocument,
    facts: PageFacts,
    robotsTag: string | undefined,
  ): NewUnit[] {
    const depth = facts.depth + 1;
    if (this.scope.refuseDepth(depth) !== undefined) return [];
    if (this.#robots !== undefined && isNofollowPage(document, robotsTag, this.#agent)) return [];
    const input = { depth };
    const heritage = heritageOf(unit);
    return this.#links
      .find(document, facts.page, facts.base)
      .map((target) => pageUnit(target, input, heritage));
  }

  async *#readSitemap(
    unit: ClaimedUnit,
    signal: AbortSignal,
    stages: StageWatch | undefined,
  ): AsyncGenerator<Page<HtmlItem>, void, void> {
    const minDelayMs = await this.admit(urlOf(unit), signal);
    const maxBytes = Math.max(maxSitemapBytes, this.#config.request.maxBodyBytes);
    const { url, body } = await this.http.fetch({
      url: urlOf(unit),
      signal,
      stages,
      minDelayMs,
      maxBodyBytes: maxBytes,
      onRedirect: (_from, to) => this.#admitSitemap(unit, to, signal),
    });
    let units: NewUnit[] = [];
    for await (const entries of readSitemap(body, maxBytes)) {
      signal.throwIfAborted();
      for (const entry of entries) {
        const found = this.#sitemapEntry(entry, url, unit);
        if (found !== undefined) units.push(found);
      }
      if (units.length >= unitsAtOnce) {
        yield { items: [], units };
        units = [];
      }
    }
    yield { items: [], units, end: { by: 'end of sitemap' } };
  }

  /** Refuses a sitemap that has moved to where the collection does not go. */
  async #admitSitemap(unit: Unit, to: string, signal: AbortSignal): Promise<void> {
    const target = canonicalUrl(to);
    const refusal = target === null ? undefined : this.scope.refuseHost(target, unit.lane);
    if (refusal !== undefined) {
      throw new UnitSkippedError(
        'REDIRECT_OUT_OF_SCOPE',
        `The sitemap redirects to where the collection does not go: ${refusal.message}`,
        { target: to, reason: refusal.code },
      );
    }
    await this.admit(to, signal);
  }

  /** The unit for an entry of a sitemap; undefined when it is out of scope. */
  #sitemapEntry(entry: SitemapEntry, base: string, unit: Unit): NewUnit | undefined {
    const depth = depthOf(unit);
    const target = canonicalUrl(entry.link, base);
    if (target === null) return undefined;
    if (entry.kind === 'page') {
      const refusal = this.scope.refuse(target, false, unit.lane);
      return refusal === undefined ? pageUnit(target, { depth: 0 }, heritageOf(unit)) : undefined;
    }
    if (this.scope.refuseHost(target, unit.lane) !== undefined || depth >= maxSitemapNesting) {
      this.#context.logger.warn({ sitemap: target.url }, 'A sitemap in a sitemap is left out');
      return undefined;
    }
    return sitemapUnit(target, depth + 1, heritageOf(unit));
  }
}

function userAgentOf({ request }: PageSourceConfig): string {
  const own = Object.entries(request.headers ?? {}).find(([name]) => /^user-agent$/i.test(name));
  return own?.[1] ?? request.userAgent ?? 'cf-collector';
}
