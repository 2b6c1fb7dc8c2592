import type { Dispatcher } from 'undici';
import type { RequestConfig } from '../../core/config/request.ts';
import { PauseError } from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import type { SourceContext, StageWatch } from '../source.ts';
import { SecretText } from '../text/secrets.ts';
import { Cookies } from './cookies.ts';
import { createDispatcher } from './dispatcher.ts';
import { exchange, type ExchangeResponse } from './exchange.ts';
import type { RequestFacts } from './failures.ts';
import { Host } from './host.ts';
import { closedError, HostTurn, type Answer } from './hostTurn.ts';
import { firstHop, type Hop } from './hop.ts';
import { RedirectChain, isRedirect, redirected } from './redirect.ts';
import { RequestHeaders } from './requestHeaders.ts';
import { ReceivedResponse, type HttpResponse } from './response.ts';

/** One request, redirects included. */
export interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST' | 'HEAD';
  /** Instead of the client's own of the same name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Aborted: the request ends at once and rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Largest body after decompression; left out: the collection's `request.maxBodyBytes`. */
  readonly maxBodyBytes?: number;
  /** Called before each redirect hop; throws to refuse it (scope, robots). */
  readonly onRedirect?: (from: string, to: string) => void | Promise<void>;
  /** Awaited when nothing is left to wait for, before each hop is sent; throws to keep it back. */
  readonly beforeSend?: () => Promise<void>;
  /**
   * The connection is new, and ends with the answer: so the request can't meet one that the server is just closing,
   * after which nobody knows whether it was taken.
   */
  readonly isOnItsOwn?: boolean;
  /** Least time between two requests to that host, e.g. the crawl-delay of robots.txt. */
  readonly minDelayMs?: number;
  /** Statuses that are an answer and not an error: robots.txt wants 404. Redirects are followed all the same. */
  readonly accept?: (status: number) => boolean;
  /**
   * The URL came out of data and leads to a host that the collection does not name: the configured cookies,
   * `Authorization` and every header with a secret stay at home.
   */
  readonly withoutCredentials?: boolean;
  /** The unit that it is for: waits for its turn, then for the answer. */
  readonly stages?: StageWatch | undefined;
}

export type { HttpResponse } from './response.ts';

/** What a client needs once its secrets are in place. */
interface Prepared {
  readonly dispatcher: Dispatcher;
  readonly headers: RequestHeaders;
}

const noCookies: ReadonlyMap<string, string> = new Map();

/**
 * HTTP for every source that calls out: connections kept alive, requests to one host at once and per second, a circuit
 * for each host, redirects, cookies, proxies, compressed bodies, limits, and errors named by what happens next.
 *
 * Secrets stand as `${secret:NAME}` in the configured headers, cookies and proxy; they are put in here and appear in
 * no error, no log line and no health. One client serves one source for a session.
 */
export class HttpClient {
  readonly #context: SourceContext;
  readonly #config: RequestConfig;
  readonly #defaultHeaders: Readonly<Record<string, string>>;
  readonly #secrets: SecretText;
  readonly #hosts = new Map<string, Host>();
  readonly #healthBefore: ReadonlyMap<string, HostHealth>;
  readonly #cookies = new Cookies();
  readonly #closing = new AbortController();
  #prepared: Prepared | undefined;
  #preparing: Promise<Prepared> | undefined;
  #closed: Promise<void> | undefined;
  #running = 0;
  #onIdle: () => void = () => undefined;

  /** @param options.headers sent with every request unless the collection has its own of that name. */
  constructor(options: {
    context: SourceContext;
    request: RequestConfig;
    headers?: Readonly<Record<string, string>>;
  }) {
    this.#context = options.context;
    this.#config = options.request;
    this.#defaultHeaders = options.headers ?? {};
    this.#secrets = new SecretText(options.context.secrets);
    this.#healthBefore = new Map(options.context.health.map((health) => [health.host, health]));
  }

  /**
   * Sends a request, follows redirects and gives the answer when its body is complete.
   *
   * @throws the signal's reason when it is aborted; RetryError for what may pass (no connection, a timeout, a cut or
   *   damaged body, 408, 425, 5xx); ThrottledError for 429, 403 with a rate limit, 503 with `Retry-After`, and while
   *   the host is left alone; UnitFailedError for every other status that is not accepted, a body that is too large, a
   *   certificate that is not trusted and redirects without end; PauseError when a secret is not set, the proxy is no
   *   URL, or `limits.maxRequests` is used up.
   */
  async fetch(request: HttpRequest): Promise<HttpResponse> {
    request.signal.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    this.#running += 1;
    try {
      const prepared = this.#prepared ?? (await this.#prepare());
      return await this.#follow(request, prepared);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#onIdle();
    }
  }

  /**
   * A text with its secrets in place: only ever one that the collection's author wrote.
   *
   * @throws PauseError when a secret is not set.
   */
  expand(text: string, encode?: (value: string) => string): Promise<string> {
    return this.#secrets.expand(text, encode);
  }

  /** A text without the secrets that this client has expanded: `${secret:NAME}` stands for them. */
  redact(text: string): string {
    return this.#secrets.redact(text);
  }

  /**
   * A place at the gate of a URL's host, for something else than this client that asks it: a browser. Whoever has it
   * ends it.
   *
   * @throws as `HostTurn.take` does.
   */
  async visit(
    url: string,
    request: Pick<HttpRequest, 'minDelayMs' | 'signal'>,
  ): Promise<{ readonly turn: HostTurn; readonly facts: RequestFacts }> {
    request.signal.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    const target = new URL(url);
    return { turn: await this.#turn(target.host, request), facts: this.#facts('GET', target) };
  }

  /** How each host is doing; those from before that were not needed again are as they were. */
  health(): readonly HostHealth[] {
    const untouched = [...this.#healthBefore.values()].filter((h) => !this.#hosts.has(h.host));
    return [...untouched, ...[...this.#hosts.values()].map((host) => host.health())];
  }

  /** Ends what is under way (those calls reject with a RetryError) and closes every connection. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort(closedError());
    await this.#prepared?.dispatcher.destroy();
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    // A call that was still waiting for its secrets has made one meanwhile.
    await this.#prepared?.dispatcher.destroy();
  }

  #prepare(): Promise<Prepared> {
    this.#preparing ??= this.#makePrepared().then(
      (prepared) => (this.#prepared = prepared),
      (error: unknown) => {
        // A secret that is missing may be there the next time.
        this.#preparing = undefined;
        throw error;
      },
    );
    return this.#preparing;
  }

  async #makePrepared(): Promise<Prepared> {
    const { proxy, timeoutMs } = this.#config;
    const headers = await RequestHeaders.prepare(this.#config, {
      defaults: this.#defaultHeaders,
      contact: this.#context.network.contact,
      secrets: this.#secrets,
    });
    const proxyUrl =
      proxy === undefined ? undefined : await this.#secrets.expand(proxy, encodeURIComponent);
    try {
      const dispatcher = createDispatcher({
        proxy: proxyUrl,
        network: this.#context.network,
        environment: process.env,
        timeoutMs,
        connections: this.#context.perHost.concurrency,
      });
      return { headers, dispatcher };
    } catch {
      // Not as a cause: it holds the URL, which may hold a password.
      throw new PauseError(
        'PROXY_INVALID',
        'The proxy is no URL: correct request.proxy, the http.proxy setting, or HTTP_PROXY and HTTPS_PROXY.',
      );
    }
  }

  async #follow(request: HttpRequest, prepared: Prepared): Promise<HttpResponse> {
    let hop = firstHop(request, (text) => this.redact(text));
    let chain: RedirectChain | undefined;
    let totalMs = 0;
    for (;;) {
      const { response, ms } = await this.#send(hop, request, prepared);
      totalMs += ms;
      const setCookie = response.headers['set-cookie'];
      if (setCookie !== undefined) await this.#cookies.store(hop.url.href, setCookie);
      const location = response.headers.location;
      if (location === undefined || !isRedirect(response.status)) {
        const receivedAt = new Date(this.#context.clock.now()).toISOString();
        const redirects = chain?.urls ?? [];
        return new ReceivedResponse(
          request.url,
          hop.url.href,
          redirects,
          response,
          receivedAt,
          totalMs,
        );
      }
      chain ??= new RedirectChain(this.#config.maxRedirects);
      const facts = this.#facts(hop.method, hop.url);
      const next = redirected(hop, location, response.status, facts);
      chain.step(hop, next, setCookie !== undefined, facts);
      await request.onRedirect?.(hop.url.href, next.url.href);
      request.signal.throwIfAborted();
      hop = next;
    }
  }

  /** One hop, through the host's gate and circuit. The answer's status is a redirect, or one that is accepted. */
  async #send(hop: Hop, request: HttpRequest, prepared: Prepared): Promise<Answer> {
    const { stages } = request;
    stages?.enter('wait');
    const turn = await this.#turn(hop.url.host, request);
    try {
      await this.#context.requests.take();
      await request.beforeSend?.();
      stages?.enter('fetch');
      return await turn.ask(() => this.#exchange(hop, request, prepared), {
        facts: this.#facts(hop.method, hop.url),
        signal: request.signal,
        isAccepted: (status) => isAccepted(status, request),
      });
    } finally {
      turn.end();
      stages?.enter('parse');
    }
  }

  #turn(
    host: string,
    { minDelayMs = 0, signal }: Pick<HttpRequest, 'minDelayMs' | 'signal'>,
  ): Promise<HostTurn> {
    const closing = this.#closing.signal;
    return HostTurn.take(this.#host(host), this.#context.clock, closing, { minDelayMs, signal });
  }

  #exchange(hop: Hop, request: HttpRequest, prepared: Prepared): Promise<ExchangeResponse> {
    const { url } = hop;
    const cookies = hop.isAtHome ? prepared.headers.cookies : noCookies;
    return exchange(prepared.dispatcher, {
      origin: url.origin,
      path: url.pathname + url.search,
      method: hop.method,
      headers: prepared.headers.for(
        hop.isAtHome,
        hop.headers,
        this.#cookies.header(url.href, cookies),
      ),
      body: hop.body,
      signal: request.signal,
      timeoutMs: this.#config.timeoutMs,
      maxBodyBytes: request.maxBodyBytes ?? this.#config.maxBodyBytes,
      wantsBody: (status) => isAccepted(status, request),
      isOnItsOwn: request.isOnItsOwn ?? false,
      meter: this.#context.meter,
    });
  }

  #host(name: string): Host {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      const before = this.#healthBefore.get(name);
      host = new Host(name, this.#context, before, this.#closing.signal);
      this.#hosts.set(name, host);
    }
    return host;
  }

  #facts(method: string, url: URL): RequestFacts {
    return {
      method,
      url: this.redact(url.href),
      host: url.host,
      redact: (text) => this.redact(text),
    };
  }
}

function isAccepted(status: number, request: HttpRequest): boolean {
  return (status >= 200 && status < 300) || request.accept?.(status) === true;
}
