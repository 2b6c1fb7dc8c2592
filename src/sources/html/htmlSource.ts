import type { HtmlSourceConfig } from '../../core/config/htmlSource.ts';
import { UnitSkippedError, UsageError } from '../../core/errors.ts';
import type { EndProof, HostHealth } from '../../core/events.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ClaimedUnit, NewUnit, Unit } from '../../core/unit.ts';
import { HttpClient, type HttpResponse } from '../http/client.ts';
import type { CollectContext, Page, Source, SourceContext, SourceTraits } from '../source.ts';
import { canonicalUrl, type CanonicalUrl } from './canonicalUrl.ts';
import { decodeHtml } from './charset.ts';
import { parseHtml, type HtmlDocument } from './document.ts';
import { compileFields, type FieldReader, type PageFacts } from './fields.ts';
import { itemFromRaw, itemToRaw, type HtmlItem } from './htmlItem.ts';
import { baseOf, isNofollowPage, LinkFinder } from './links.ts';
import { PageQuota } from './pageQuota.ts';
import { Redirects } from './redirects.ts';
import { productToken, RobotsCache } from './robots.ts';
import { Scope } from './scope.ts';
import { compileSelector, type Selector } from './selector.ts';
import { readSitemap, type SitemapEntry } from './sitemap.ts';
import { Turns } from './turns.ts';
import { depthOf, isSitemap, pageUnit, sitemapUnit, startUnit, urlOf } from './units.ts';

/** Units handed over at once: a large sitemap neither waits for its end nor makes one huge commit. */
const unitsAtOnce = 1_000;
/** The sitemap protocol's own limit, decompressed. */
const maxSitemapBytes = 50 * 1024 * 1024;
/** An index in an index is not allowed, but done. */
const maxSitemapNesting = 3;

const onePage: EndProof = { by: 'one page' };
const movedAway: EndProof = { by: 'redirect' };

/** What a page's content may be announced as. */
const htmlTypes: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml']);

/** What an HTML source may be told beside its context. */
export interface HtmlSourceOptions {
  /** Page units of a host that the session has done before now: `scope.maxPagesPerHost` counts on from there. */
  readonly pagesDone?: (host: string) => number;
}

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
  options: HtmlSourceOptions = {},
): Source<HtmlItem> {
  return new HtmlSource(config, context, options);
}

class HtmlSource implements Source<HtmlItem> {
  readonly type = 'html';
  readonly traits: SourceTraits = { paid: false, discovers: true, resumesMidUnit: false };
  readonly #config: HtmlSourceConfig;
  readonly #context: SourceContext;
  readonly #http: HttpClient;
  readonly #scope: Scope;
  readonly #links: LinkFinder;
  readonly #items: Selector | undefined;
  readonly #fields: FieldReader;
  /** undefined where robots.txt is ignored. */
  readonly #robots: RobotsCache | undefined;
  readonly #redirects: Redirects;
  readonly #quota: PageQuota;
  /** One sitemap is read at a time: each may be 50 MB, and its URLs a million objects. */
  readonly #sitemapTurns = new Turns();
  /** Our name in robots rules. */
  readonly #agent: string;

  constructor(config: HtmlSourceConfig, context: SourceContext, options: HtmlSourceOptions) {
    this.#config = config;
    this.#context = context;
    this.#http = new HttpClient({
      context,
      request: config.request,
      headers: { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.5' },
    });
    this.#scope = new Scope(config);
    this.#links = new LinkFinder(config.follow, this.#scope);
    this.#items = config.items === undefined ? undefined : compileSelector(config.items);
    this.#fields = compileFields(config.fields);
    this.#agent = productToken(userAgentOf(config));
    this.#robots =
      config.robots === 'ignore'
        ? undefined
        : new RobotsCache({
            http: this.#http,
            clock: context.clock,
            backoff: context.retry,
            agent: this.#agent,
          });
    this.#redirects = new Redirects(config.request.maxRedirects, this.#scope);
    this.#quota = new PageQuota(config.scope.maxPagesPerHost, options.pagesDone);
  }

  async *plan(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    const units = [
      ...this.#config.sitemaps.map((link) => sitemapUnit(required(link), 0)),
      ...this.#config.start.map((link) => startUnit(required(link))),
    ];
    for (const unit of new Map(units.map((u) => [u.key, u])).values()) {
      signal.throwIfAborted();
      yield unit;
    }
  }

  async *collect(
    unit: ClaimedUnit,
    { signal }: CollectContext,
  ): AsyncGenerator<Page<HtmlItem>, void, void> {
    signal.throwIfAborted();
    if (isSitemap(unit)) {
      yield* this.#collectSitemap(unit, signal);
      return;
    }
    this.#quota.take(unit);
    let page: Page<HtmlItem> | undefined;
    try {
      page = await this.#collectPage(unit, signal);
    } finally {
      if (page?.end !== onePage) this.#quota.giveBack(unit);
    }
    yield page;
  }

  map(item: HtmlItem): JsonObject {
    return this.#fields(item);
  }

  toRaw(item: HtmlItem): JsonValue {
    return itemToRaw(item);
  }

  fromRaw(raw: JsonValue, unit: Unit): HtmlItem {
    return itemFromRaw(raw, unit);
  }

  provenance({ facts }: HtmlItem): { readonly url: string; readonly fetchedAt: string } {
    return { url: facts.page, fetchedAt: facts.fetchedAt };
  }

  health(): readonly HostHealth[] {
    return this.#http.health();
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #collectPage(unit: ClaimedUnit, signal: AbortSignal): Promise<Page<HtmlItem>> {
    const minDelayMs = (await this.#robots?.admit(unit.key, signal)) ?? 0;
    let movedTo: CanonicalUrl | undefined;
    try {
      const response = await this.#http.fetch({
        url: unit.key,
        signal,
        minDelayMs,
        onRedirect: (_from, to) => {
          const target = canonicalUrl(to);
          if (target === null || this.#redirects.leadsBack(unit, target)) return;
          movedTo = target;
          throw new Error('The page has moved.');
        },
      });
      return this.#readPage(unit, response);
    } catch (error) {
      if (movedTo === undefined || signal.aborted) throw error;
      return { items: [], units: [this.#redirects.moved(unit, movedTo)], end: movedAway };
    }
  }

  #readPage(unit: ClaimedUnit, response: HttpResponse): Page<HtmlItem> {
    const contentType = response.header('content-type');
    assertHtml(unit.key, contentType, response.body);
    const html = decodeHtml(response.body, contentType);
    const document = parseHtml(html);
    const facts: PageFacts = {
      url: response.url,
      page: canonicalUrl(response.url)?.url ?? unit.key,
      base: baseOf(document, response.url),
      depth: depthOf(unit),
      fetchedAt: response.receivedAt,
      status: response.status,
    };
    const items: HtmlItem[] =
      this.#items === undefined
        ? [{ place: document, html, facts }]
        : this.#items.all(document).map((place) => ({ place, facts }));
    const units = this.#followed(document, facts, response.header('x-robots-tag'));
    return { items, units, end: onePage };
  }

  #followed(document: HtmlDocument, facts: PageFacts, robotsTag: string | undefined): NewUnit[] {
    const depth = facts.depth + 1;
    if (this.#scope.refuseDepth(depth) !== undefined) return [];
    if (this.#robots !== undefined && isNofollowPage(document, robotsTag, this.#agent)) return [];
    const input = { depth };
    return this.#links
      .find(document, facts.page, facts.base)
      .map((target) => pageUnit(target, input));
  }

  async *#collectSitemap(
    unit: ClaimedUnit,
    signal: AbortSignal,
  ): AsyncGenerator<Page<HtmlItem>, void, void> {
    const endTurn = await this.#sitemapTurns.take(signal);
    try {
      yield* this.#readSitemap(unit, signal);
    } finally {
      endTurn();
    }
  }

  async *#readSitemap(
    unit: ClaimedUnit,
    signal: AbortSignal,
  ): AsyncGenerator<Page<HtmlItem>, void, void> {
    const minDelayMs = (await this.#robots?.admit(urlOf(unit), signal)) ?? 0;
    const maxBytes = Math.max(maxSitemapBytes, this.#config.request.maxBodyBytes);
    const { url, body } = await this.#http.fetch({
      url: urlOf(unit),
      signal,
      minDelayMs,
      maxBodyBytes: maxBytes,
      onRedirect: (_from, to) => this.#admitSitemap(to, signal),
    });
    let units: NewUnit[] = [];
    for await (const entries of readSitemap(body, maxBytes)) {
      signal.throwIfAborted();
      for (const entry of entries) {
        const found = this.#sitemapEntry(entry, url, depthOf(unit));
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
  async #admitSitemap(to: string, signal: AbortSignal): Promise<void> {
    const target = canonicalUrl(to);
    const refusal = target === null ? undefined : this.#scope.refuseHost(target);
    if (refusal !== undefined) {
      throw new UnitSkippedError(
        'REDIRECT_OUT_OF_SCOPE',
        `The sitemap redirects to where the collection does not go: ${refusal.message}`,
        { target: to, reason: refusal.code },
      );
    }
    await this.#robots?.admit(to, signal);
  }

  /** The unit for an entry of a sitemap; undefined when it is out of scope. */
  #sitemapEntry(entry: SitemapEntry, base: string, depth: number): NewUnit | undefined {
    const target = canonicalUrl(entry.link, base);
    if (target === null) return undefined;
    if (entry.kind === 'page') {
      return this.#scope.refuse(target) === undefined ? pageUnit(target, { depth: 0 }) : undefined;
    }
    if (this.#scope.refuseHost(target) !== undefined || depth >= maxSitemapNesting) {
      this.#context.logger.warn({ sitemap: target.url }, 'A sitemap in a sitemap is left out');
      return undefined;
    }
    return sitemapUnit(target, depth + 1);
  }
}

/** @throws UnitSkippedError when the answer is not a page. An answer without a type is one when it looks like markup. */
function assertHtml(url: string, contentType: string | undefined, body: Buffer): void {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  const isHtml = type === '' ? looksLikeMarkup(body) : htmlTypes.has(type);
  if (isHtml) return;
  throw new UnitSkippedError(
    'NOT_HTML',
    `${url} is ${type === '' ? 'no HTML' : type}, not a page.`,
    {
      url,
      contentType: type,
    },
  );
}

function looksLikeMarkup(body: Buffer): boolean {
  return body
    .toString('latin1', 0, 1024)
    .replace(/^(?:\xef\xbb\xbf)?\s*/, '')
    .startsWith('<');
}

function required(link: string): CanonicalUrl {
  const target = canonicalUrl(link);
  if (target === null) throw new UsageError('URL_INVALID', `"${link}" is no http or https URL.`);
  return target;
}

function userAgentOf({ request }: HtmlSourceConfig): string {
  const own = Object.entries(request.headers ?? {}).find(([name]) => /^user-agent$/i.test(name));
  return own?.[1] ?? request.userAgent ?? 'cf-collector';
}
