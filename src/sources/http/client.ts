import { Agent } from 'undici';
import type { RequestConfig } from '../../core/config.ts';
import { RetryError, UnitFailedError } from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import type { SourceContext } from '../source.ts';

/** One request, redirects included. */
export interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Aborted: the request ends within a second and rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Largest body after decompression; left out: the collection's `request.maxBodyBytes`. */
  readonly maxBodyBytes?: number;
  /** Called before each redirect hop; throws to refuse it (scope, robots). */
  readonly onRedirect?: (from: string, to: string) => void | Promise<void>;
  /** Least time between two requests to that host, e.g. the crawl-delay of robots.txt. */
  readonly minDelayMs?: number;
  /** Statuses that are an answer and not an error: robots.txt wants 404. Redirects are followed all the same. */
  readonly accept?: (status: number) => boolean;
}

/** A whole answer. */
export interface HttpResponse {
  /** The URL that answered, after redirects. */
  readonly url: string;
  readonly requestedUrl: string;
  /** Where redirects led, in order; empty when there were none. */
  readonly redirects: readonly string[];
  readonly status: number;
  /** A header by its name in any case; several of one name are joined with ", ". */
  header(name: string): string | undefined;
  /** Decompressed. */
  readonly body: Buffer;
  /** ISO time at which the body was complete. */
  readonly receivedAt: string;
  /** From the first byte sent to the last one received, redirects included, waiting for a slot not. */
  readonly ms: number;
}

/** HTTP for every source that calls out. */
export class HttpClient {
  readonly #context: SourceContext;
  readonly #request: RequestConfig;
  readonly #agent = new Agent();

  constructor(options: { context: SourceContext; request: RequestConfig }) {
    this.#context = options.context;
    this.#request = options.request;
  }

  async fetch(request: HttpRequest): Promise<HttpResponse> {
    const started = this.#context.clock.monotonicMs();
    const url = new URL(request.url);
    const { statusCode, headers, body } = await this.#agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method ?? 'GET',
      headers: { ...this.#request.headers, ...request.headers },
      signal: request.signal,
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    const bytes = Buffer.from(await body.arrayBuffer());
    if (statusCode >= 500) throw new RetryError(`HTTP_${statusCode}`, `${request.url}: ${statusCode}`);
    if (statusCode >= 300 && request.accept?.(statusCode) !== true)
      throw new UnitFailedError(`HTTP_${statusCode}`, `${request.url}: ${statusCode}`);
    return {
      url: request.url,
      requestedUrl: request.url,
      redirects: [],
      status: statusCode,
      header: (name) => {
        const value = headers[name.toLowerCase()];
        return Array.isArray(value) ? value.join(', ') : value;
      },
      body: bytes,
      receivedAt: new Date(this.#context.clock.now()).toISOString(),
      ms: this.#context.clock.monotonicMs() - started,
    };
  }

  health(): readonly HostHealth[] {
    return [];
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
