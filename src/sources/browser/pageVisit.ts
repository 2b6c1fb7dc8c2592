import type { BrowserSourceConfig } from '../../core/config/browserSource.ts';
import { UnitBlockedError, UnitFailedError } from '../../core/errors.ts';
import type { ClaimedUnit, NewUnit } from '../../core/unit.ts';
import { canonicalUrl, type CanonicalUrl } from '../html/canonicalUrl.ts';
import type { HtmlItem } from '../html/htmlItem.ts';
import { hasHtmlType, notHtml } from '../html/htmlType.ts';
import type { PageWalk, ReadPage } from '../html/pageWalk.ts';
import { depthOf, heritageOf, pageUnit } from '../html/units.ts';
import type { ExchangeResponse } from '../http/exchange.ts';
import type { RequestFacts } from '../http/failures.ts';
import type { HostTurn } from '../http/hostTurn.ts';
import type { SourceContext } from '../source.ts';
import { isNavigating, operate } from './pageLost.ts';
import type { Tab, Visitor } from './tab.ts';
import { TakenItems } from './takenItems.ts';

/** What one visit works with. */
export interface VisitParts {
  readonly unit: ClaimedUnit;
  readonly tab: Tab;
  readonly walk: PageWalk;
  readonly config: BrowserSourceConfig;
  readonly context: SourceContext;
  readonly turn: HostTurn;
  readonly facts: RequestFacts;
  readonly signal: AbortSignal;
}

/** What a look at a page brought that was not there at the looks before. */
export interface Look {
  readonly items: HtmlItem[];
  readonly units: NewUnit[];
  /** Whether the page changed at all. */
  readonly isChanged: boolean;
}

/** How long an open page may take to answer: one whose script never ends does not. */
const answerLimitMs = 15_000;

/** How often the page may go on to another document while it is looked at. */
const maxMovesPerLook = 5;

/** One unit's visit of a page: what it may load as its document, and what is taken from it. */
export class PageVisit implements Visitor {
  readonly #parts: VisitParts;
  /** Either the unit is to stop or the page is lost. */
  readonly signal: AbortSignal;
  readonly #taken: TakenItems | undefined;
  readonly #found = new Set<string>();
  #popups: NewUnit[] = [];
  #movedTo: CanonicalUrl | undefined;
  #robotsTag: string | undefined;
  #status = 0;
  /** What came of documents that the page went to by itself. */
  #pending: Promise<void> = Promise.resolve();
  #failure: unknown;
  #lastHtml: string | undefined;
  #lastRead: { readonly html: string; readonly page: ReadPage } | undefined;
  #itemsTaken = 0;

  constructor(parts: VisitParts) {
    this.#parts = parts;
    this.signal = AbortSignal.any([parts.signal, parts.tab.gone]);
    this.#taken = parts.config.interactions.length === 0 ? undefined : new TakenItems(parts.config);
  }

  /**
   * Opens the unit's page.
   *
   * @returns where it has moved to; undefined when it is open.
   * @throws as `HttpClient.fetch` does; UnitSkippedError `NOT_HTML`.
   */
  async open(): Promise<CanonicalUrl | undefined> {
    const { unit, tab, config, turn, facts, signal } = this.#parts;
    const { timeoutMs, maxBodyBytes } = config.request;
    await operate(tab.begin(this, unit.lane), this.signal, answerLimitMs, unit.key);
    const { response } = await turn.ask(
      () => tab.goto(unit.key, { waitUntil: config.browser.waitUntil, timeoutMs, signal }),
      { facts, signal, isAccepted: (status) => status >= 200 && status < 300 },
    );
    if (this.#movedTo !== undefined) return this.#movedTo;
    if (Number(response.headers['content-length']) > maxBodyBytes) throw this.#tooLarge();
    const contentType = response.headers['content-type'];
    if (this.refuse(response) !== undefined) throw notHtml(unit.key, contentType);
    if (contentType === undefined && !(await this.#showsHtml())) throw notHtml(unit.key, undefined);
    const tag = response.headers['x-robots-tag'];
    this.#robotsTag = Array.isArray(tag) ? tag.join(', ') : tag;
    this.#status = response.status;
    return undefined;
  }

  /**
   * Takes what is new on the page.
   *
   * @param isLast nothing more is done on it: also what is taken only once is taken.
   * @throws UnitFailedError for a page that is too large; RetryError when it is lost or gives no answer.
   */
  async look(isLast: boolean): Promise<Look> {
    const { unit, tab, walk, config, context } = this.#parts;
    await this.assertWell();
    const html = await this.#content();
    const isChanged = html !== this.#lastHtml;
    this.#lastHtml = html;
    if (html.length > config.request.maxBodyBytes) throw this.#tooLarge();
    const popups = this.#popups;
    this.#popups = [];
    // One record per page is taken at the end, from the page as it is then.
    if (!isLast && (!isChanged || config.items === undefined))
      return { items: [], units: popups, isChanged };
    const page = walk.read(unit, {
      html,
      url: tab.page.url(),
      page: unit.key,
      status: this.#status,
      receivedAt: new Date(context.clock.now()).toISOString(),
      robotsTag: this.#robotsTag,
    });
    const items = this.#taken?.take(page.items) ?? page.items;
    this.#itemsTaken += items.length;
    this.#lastRead = { html, page };
    return { items, units: this.#newUnits([...page.units, ...popups]), isChanged };
  }

  /** Tells of selectors that matched nothing, once the page has been looked at for the last time. */
  async tellMisses(): Promise<void> {
    if (this.#lastRead === undefined) return;
    const { html, page } = this.#lastRead;
    const hasItems = this.#itemsTaken > 0;
    await this.#parts.walk.tellMisses({ url: this.#parts.unit.key, html, page, hasItems });
  }

  /** Throws what went wrong with a document that the page went to by itself, once. */
  readonly assertWell = async (): Promise<void> => {
    await this.#pending;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw toError(failure);
  };

  isHome(host: string): boolean {
    return this.#parts.walk.scope.isHome(host, this.#parts.unit.lane);
  }

  async mayGo(url: string, isFirst: boolean): Promise<boolean> {
    const { walk, context, signal, unit } = this.#parts;
    if (!isFirst) {
      const target = canonicalUrl(url);
      if (target === null || walk.scope.refuse(target, true, unit.lane) !== undefined) return false;
      try {
        await walk.admit(url, signal);
      } catch (error) {
        if (error instanceof UnitBlockedError) return false;
        throw error;
      }
    }
    await context.requests.take();
    return true;
  }

  mayRedirect(to: string): boolean {
    const target = canonicalUrl(to);
    const { walk, unit } = this.#parts;
    if (target === null || walk.redirects.leadsBack(unit, target)) return true;
    this.#movedTo = target;
    return false;
  }

  refuse({ status, headers }: ExchangeResponse): 'refused' | undefined {
    const isPage =
      status >= 200 &&
      status < 300 &&
      status !== 204 &&
      status !== 205 &&
      !/^\s*attachment/i.test(headers['content-disposition'] ?? '') &&
      (headers['content-type'] === undefined || hasHtmlType(headers['content-type'])) &&
      !(Number(headers['content-length']) > this.#parts.config.request.maxBodyBytes);
    return isPage ? undefined : 'refused';
  }

  onRefused(url: string, response: ExchangeResponse | undefined): void {
    const { tab, context, turn, facts, signal } = this.#parts;
    context.logger.info(
      { page: tab.page.url(), url, status: response?.status },
      'The page wanted to go where the collection does not: it stays',
    );
    if (response === undefined || (response.status >= 200 && response.status < 300)) return;
    const asked = { facts: { ...facts, url }, signal, isAccepted: () => false };
    this.#pending = turn
      .ask(() => Promise.resolve(response), asked)
      .then(
        () => undefined,
        (error: unknown) => {
          this.#failure = error;
        },
      );
  }

  onError(error: unknown): void {
    this.#failure = error;
  }

  onPopup(url: string): void {
    const { tab, walk, unit, config, context } = this.#parts;
    const target = canonicalUrl(url);
    if (target === null) return;
    const isFollowed =
      config.follow.length > 0 &&
      walk.scope.refuseDepth(depthOf(unit) + 1) === undefined &&
      walk.scope.refuse(target, false, unit.lane) === undefined;
    context.logger.info(
      { page: tab.page.url(), url, isFollowed },
      isFollowed ? 'A pop-up was closed; its page comes later' : 'A pop-up was closed',
    );
    if (isFollowed)
      this.#popups.push(pageUnit(target, { depth: depthOf(unit) + 1 }, heritageOf(unit)));
  }

  #newUnits(units: readonly NewUnit[]): NewUnit[] {
    return units.filter(({ key }) => {
      if (this.#found.has(key)) return false;
      this.#found.add(key);
      return true;
    });
  }

  async #content(): Promise<string> {
    const { tab, unit } = this.#parts;
    for (let moves = 0; ; moves++) {
      try {
        return await operate(tab.page.content(), this.signal, answerLimitMs, unit.key);
      } catch (error) {
        if (moves >= maxMovesPerLook || !isNavigating(error)) throw error;
        const loaded = tab.page.waitForLoadState('domcontentloaded', { timeout: answerLimitMs });
        await operate(loaded, this.signal, answerLimitMs, unit.key);
      }
    }
  }

  async #showsHtml(): Promise<boolean> {
    const { tab, unit } = this.#parts;
    const asked = tab.page.evaluate<string>('document.contentType');
    return hasHtmlType(await operate(asked, this.signal, answerLimitMs, unit.key));
  }

  #tooLarge(): UnitFailedError {
    const { unit, config } = this.#parts;
    return new UnitFailedError(
      'BODY_TOO_LARGE',
      `${unit.key}: the page is larger than ${config.request.maxBodyBytes} bytes. Raise request.maxBodyBytes to take it.`,
      { url: unit.key },
    );
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
