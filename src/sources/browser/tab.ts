import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import type { BrowserOptions } from '../../core/config/browserSource.ts';
import { CollectorError, messageOf, RetryError } from '../../core/errors.ts';
import type { Logger } from '../../core/ports.ts';
import { BodyCutError, DeadlineError, type ExchangeResponse } from '../http/exchange.ts';
import { isRedirect } from '../http/redirect.ts';
import { NavigationError, netErrorIn } from './netErrors.ts';
import { operate } from './pageLost.ts';

/** Who says what a tab's page may load as its document. */
export interface Visitor {
  /** Whether a host is one of the collection's own. */
  isHome(host: string): boolean;
  /**
   * Whether the page may go there. What it throws is why it was not opened, or goes to {@link onError}.
   *
   * @param isFirst it is what the visit opens, or where that redirected to.
   */
  mayGo(url: string, isFirst: boolean): Promise<boolean>;
  /** Whether a redirect of the page that is opened is followed; if not, the page stays unopened. */
  mayRedirect(to: string): boolean;
  /** What becomes of an answer that is no page to look at: undefined when it is one. */
  refuse(response: ExchangeResponse): 'refused' | undefined;
  /** A document that the page went to by itself, later on, was refused: by the answer, or by {@link mayGo}. */
  onRefused(url: string, response: ExchangeResponse | undefined): void;
  /** Something went wrong about a document that the page went to by itself. */
  onError(error: unknown): void;
  /** The page opened another one. */
  onPopup(url: string): void;
}

/** How a tab's pages are asked for. */
export interface TabSettings {
  readonly block: BrowserOptions['block'];
  /** Headers and cookies for the collection's own hosts only. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly { readonly name: string; readonly value: string }[];
  readonly logger: Logger;
}

/** How long putting a tab away may take before the browser is given up. */
const disposeLimitMs = 5_000;
/** What a browser asks every host for by itself. */
const faviconPattern = '*/favicon.ico*';

const blockedTypes: Readonly<Record<BrowserOptions['block'][number], string>> = {
  image: 'Image',
  media: 'Media',
  font: 'Font',
  stylesheet: 'Stylesheet',
  script: 'Script',
  xhr: 'XHR',
  fetch: 'Fetch',
};

/** What Playwright says when a page goes on to another before it is loaded. */
const interrupted = 'interrupted by another navigation';

interface PausedRequest {
  readonly requestId: string;
  readonly request: { readonly url: string; readonly headers: Record<string, string> };
  readonly frameId: string;
  readonly resourceType: string;
  readonly responseStatusCode?: number;
  readonly responseErrorReason?: string;
  readonly responseHeaders?: readonly { readonly name: string; readonly value: string }[];
}

/** The page that is being opened. */
interface Opening {
  readonly fail: (error: unknown) => void;
  /** The answer, once it is there. */
  response: ExchangeResponse | undefined;
  /** It was not let through: the page stays as it was. */
  isRefused: boolean;
}

/**
 * One page of the browser in a context of its own, used for one unit after the other. What its main frame loads as a
 * document passes by us, before it is asked for and before its answer is looked at; what it loads beside does not.
 */
export class Tab {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #session: CDPSession;
  readonly #settings: TabSettings;
  readonly #blocked: ReadonlySet<string>;
  readonly #gone = new AbortController();
  readonly #hostsWithCookies = new Set<string>();
  #mainFrame = '';
  #visitor: Visitor | undefined;
  #opening: Opening | undefined;
  #visits = 0;

  private constructor(page: Page, session: CDPSession, settings: TabSettings) {
    this.page = page;
    this.#context = page.context();
    this.#session = session;
    this.#settings = settings;
    this.#blocked = new Set(settings.block.map((type) => blockedTypes[type]));
  }

  /** Opens a tab. The context is the tab's from here on, also when that fails. */
  static async open(context: BrowserContext, settings: TabSettings): Promise<Tab> {
    try {
      const page = await context.newPage();
      const tab = new Tab(page, await context.newCDPSession(page), settings);
      await tab.#watch();
      return tab;
    } catch (error) {
      await context.close().catch(() => undefined);
      throw error;
    }
  }

  /** Aborted with a RetryError when the page or the browser has crashed. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** How many pages it has opened. */
  get visits(): number {
    return this.#visits;
  }

  /** The page crashed, or the browser did: nothing can be had of it any more. */
  lose(error: RetryError): void {
    this.#gone.abort(error);
  }

  /**
   * From here on the page's documents are this visitor's business.
   *
   * @param host gets the cookies of the collection.
   */
  async begin(visitor: Visitor, host: string): Promise<void> {
    this.#visitor = visitor;
    this.#visits += 1;
    const { cookies } = this.#settings;
    const domain = new URL(`http://${host}`).hostname;
    if (cookies.length === 0 || this.#hostsWithCookies.has(domain)) return;
    await this.#context.addCookies(cookies.map((one) => ({ ...one, domain, path: '/' })));
    this.#hostsWithCookies.add(domain);
  }

  /** Nobody looks at the page any more: it loads nothing. */
  end(): void {
    this.#visitor = undefined;
    this.#opening = undefined;
  }

  /**
   * Opens a page.
   *
   * @returns its answer: also one that was refused, a redirect or an error; then the page is not there.
   * @throws NavigationError, DeadlineError, BodyCutError for what went wrong with the connection; the signals' reasons;
   *   whatever the visitor throws.
   */
  async goto(
    url: string,
    options: {
      readonly waitUntil: BrowserOptions['waitUntil'];
      readonly timeoutMs: number;
      readonly signal: AbortSignal;
    },
  ): Promise<ExchangeResponse> {
    const { waitUntil, timeoutMs, signal } = options;
    const { promise: failed, reject } = Promise.withResolvers<never>();
    failed.catch(() => undefined);
    const opening: Opening = { fail: reject, response: undefined, isRefused: false };
    this.#opening = opening;
    try {
      await operate(
        Promise.race([this.#open(url, waitUntil, timeoutMs), failed]),
        AbortSignal.any([signal, this.gone]),
        timeoutMs + 1_000,
        url,
      );
    } catch (error) {
      signal.throwIfAborted();
      if (opening.isRefused && opening.response !== undefined) return opening.response;
      throw gotoError(error, timeoutMs, opening.response !== undefined);
    } finally {
      this.#opening = undefined;
    }
    if (opening.response === undefined) throw new NavigationError('ERR_EMPTY_RESPONSE');
    return opening.response;
  }

  /** Leaves the page that is open, so that it does nothing any more. */
  async park(): Promise<void> {
    await this.page.goto('about:blank', { timeout: disposeLimitMs });
  }

  /**
   * Closes it and all that it remembers. Never throws.
   *
   * @returns false when that took too long.
   */
  async dispose(): Promise<boolean> {
    this.end();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => {
        resolve(false);
      }, disposeLimitMs);
    });
    const closed = this.#context.close().then(
      () => true,
      () => true,
    );
    const isClosed = await Promise.race([closed, late]);
    clearTimeout(timer);
    return isClosed;
  }

  async #open(
    url: string,
    waitUntil: BrowserOptions['waitUntil'],
    timeoutMs: number,
  ): Promise<void> {
    const startedAtMs = performance.now();
    try {
      await this.page.goto(url, { waitUntil, timeout: timeoutMs });
    } catch (error) {
      if (!messageOf(error).includes(interrupted)) throw error;
      // The page went on to another by itself.
      const restMs = Math.max(1, timeoutMs - (performance.now() - startedAtMs));
      await this.page.waitForLoadState(waitUntil, { timeout: restMs });
    }
  }

  async #watch(): Promise<void> {
    const { page } = this;
    page.on('crash', () => {
      this.lose(new RetryError('PAGE_CRASHED', 'The page crashed in the browser.'));
    });
    page.on('dialog', (dialog) => {
      const isLeaving = dialog.type() === 'beforeunload';
      if (!isLeaving) {
        this.#settings.logger.info(
          { page: page.url(), kind: dialog.type(), text: dialog.message().slice(0, 200) },
          'A dialog was dismissed',
        );
      }
      (isLeaving ? dialog.accept() : dialog.dismiss()).catch(() => undefined);
    });
    page.on('popup', (popup) => {
      popup.close().catch(() => undefined);
    });
    page.on('download', (download) => {
      this.#settings.logger.info(
        { page: page.url(), download: download.url() },
        'A download was cancelled',
      );
      download.cancel().catch(() => undefined);
    });
    // Comes before the click that opens a window has ended; Playwright's event only when its page answers.
    this.#session.on('Page.windowOpen', ({ url }) => this.#visitor?.onPopup(url));
    await this.#session.send('Page.enable');
    const tree = await this.#session.send('Page.getFrameTree');
    this.#mainFrame = tree.frameTree.frame.id;
    this.#session.on('Fetch.requestPaused', (event) => {
      this.#onPaused(event as PausedRequest).catch(() => undefined);
    });
    await this.#session.send('Fetch.enable', { patterns: this.#patterns() });
  }

  #patterns(): {
    resourceType?: 'Document';
    urlPattern?: string;
    requestStage: 'Request' | 'Response';
  }[] {
    return [
      { resourceType: 'Document', requestStage: 'Request' },
      { resourceType: 'Document', requestStage: 'Response' },
      { urlPattern: faviconPattern, requestStage: 'Request' },
      // Playwright's types name the kinds one by one.
      ...[...this.#blocked].map((type) => ({
        resourceType: type as 'Document',
        requestStage: 'Request' as const,
      })),
      ...(Object.keys(this.#settings.headers).length === 0
        ? []
        : [{ urlPattern: '*', requestStage: 'Request' as const }]),
    ];
  }

  async #onPaused(event: PausedRequest): Promise<void> {
    const isMain = event.resourceType === 'Document' && event.frameId === this.#mainFrame;
    if (event.responseStatusCode !== undefined || event.responseErrorReason !== undefined) {
      if (isMain) await this.#onAnswer(event);
      else await this.#go(event);
      return;
    }
    // Nobody sees it, and no rule of the collection's hosts has let it leave.
    if (event.resourceType !== 'Document' && isFavicon(event.request.url)) {
      await this.#stop(event, 'BlockedByClient');
      return;
    }
    if (this.#blocked.has(event.resourceType)) {
      await this.#stop(event, 'BlockedByClient');
      return;
    }
    if (isMain && !(await this.#isAdmitted(event.request.url))) {
      await this.#stop(event, 'Aborted');
      return;
    }
    await this.#go(event, this.#headersFor(event.request));
  }

  async #isAdmitted(url: string): Promise<boolean> {
    const visitor = this.#visitor;
    const opening = this.#opening;
    if (visitor === undefined) return false;
    const isFirst = opening !== undefined && opening.response === undefined;
    try {
      if (await visitor.mayGo(url, isFirst)) return true;
      visitor.onRefused(url, undefined);
      return false;
    } catch (error) {
      if (opening === undefined) visitor.onError(error);
      else opening.fail(error);
      return false;
    }
  }

  async #onAnswer(event: PausedRequest): Promise<void> {
    const opening = this.#opening;
    const isFirst = opening !== undefined && opening.response === undefined;
    if (event.responseStatusCode === undefined) {
      // A page of which only the beginning came is shown as if it were whole, and never counts as loaded.
      if (opening?.response !== undefined) {
        opening.fail(new BodyCutError(new Error(event.responseErrorReason)));
      }
      await this.#go(event);
      return;
    }
    const response = toResponse(event);
    const location = response.headers.location;
    if (isRedirect(response.status) && location !== undefined) {
      const to = URL.parse(location, event.request.url)?.href;
      if (!isFirst || to === undefined || this.#visitor?.mayRedirect(to) !== false) {
        await this.#go(event);
        return;
      }
    } else if (this.#visitor?.refuse(response) === undefined) {
      if (isFirst) opening.response = response;
      await this.#go(event);
      return;
    }
    if (isFirst) {
      opening.response = response;
      opening.isRefused = true;
    } else {
      this.#visitor.onRefused(event.request.url, response);
    }
    await this.#stop(event, 'Aborted');
  }

  #headersFor(request: PausedRequest['request']): { name: string; value: string }[] | undefined {
    const own = Object.entries(this.#settings.headers);
    const host = URL.parse(request.url)?.host;
    if (own.length === 0 || host === undefined || this.#visitor?.isHome(host) !== true)
      return undefined;
    const kept = Object.entries(request.headers).filter(
      ([name]) => this.#settings.headers[name.toLowerCase()] === undefined,
    );
    return [...kept, ...own].map(([name, value]) => ({ name, value }));
  }

  async #go(event: PausedRequest, headers?: { name: string; value: string }[]): Promise<void> {
    await this.#session.send('Fetch.continueRequest', {
      requestId: event.requestId,
      ...(headers === undefined ? {} : { headers }),
    });
  }

  async #stop(event: PausedRequest, errorReason: 'Aborted' | 'BlockedByClient'): Promise<void> {
    await this.#session.send('Fetch.failRequest', { requestId: event.requestId, errorReason });
  }
}

function isFavicon(url: string): boolean {
  return URL.parse(url)?.pathname === '/favicon.ico';
}

function toResponse({ responseStatusCode, responseHeaders }: PausedRequest): ExchangeResponse {
  const headers: Record<string, string> = {};
  for (const { name, value } of responseHeaders ?? []) {
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value : `${before}, ${value}`;
  }
  return { status: responseStatusCode ?? 0, headers, body: Buffer.alloc(0) };
}

/** What went wrong, in the words of every other connection. */
function gotoError(error: unknown, timeoutMs: number, hasAnswer: boolean): unknown {
  if (!(error instanceof Error) || error instanceof CollectorError) return error;
  const message = messageOf(error);
  if (error.name === 'TimeoutError') return new DeadlineError(timeoutMs);
  const net = netErrorIn(message);
  if (net === undefined) return error;
  const cause = new NavigationError(net);
  return hasAnswer ? new BodyCutError(cause) : cause;
}
