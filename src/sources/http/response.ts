import type { ExchangeResponse } from './exchange.ts';

/** Of an error's body, show this much. */
const excerptLength = 160;

/** A whole answer. */
export interface HttpResponse {
  /**
   * The URL that answered, after redirects. It holds a secret where the request's URL did: through
   * `HttpClient.redact` before it is written down.
   */
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
  /** From sending to the body's last byte, redirects included; waiting for a turn is not. */
  readonly ms: number;
}

/** The answer of the last hop, as an {@link HttpResponse}. */
export class ReceivedResponse implements HttpResponse {
  readonly url: string;
  readonly requestedUrl: string;
  readonly redirects: readonly string[];
  readonly status: number;
  readonly body: Buffer;
  readonly receivedAt: string;
  readonly ms: number;
  readonly #headers: ExchangeResponse['headers'];

  constructor(
    requestedUrl: string,
    url: string,
    redirects: readonly string[],
    { status, headers, body }: ExchangeResponse,
    receivedAt: string,
    ms: number,
  ) {
    this.url = url;
    this.requestedUrl = requestedUrl;
    this.redirects = redirects;
    this.status = status;
    this.body = body;
    this.receivedAt = receivedAt;
    this.ms = ms;
    this.#headers = headers;
  }

  header(name: string): string | undefined {
    const key = name.toLowerCase();
    const value = Object.hasOwn(this.#headers, key) ? this.#headers[key] : undefined;
    return Array.isArray(value) ? value.join(', ') : value;
  }
}

/** The beginning of an error's body, where it is likely to say something. */
export function excerptOf({ headers, body }: ExchangeResponse): string {
  const type = headers['content-type'] ?? '';
  if (headers['content-encoding'] !== undefined || !/json|text\/plain/.test(type)) return '';
  const text = body.toString('utf8', 0, excerptLength * 4);
  return text
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, excerptLength);
}
