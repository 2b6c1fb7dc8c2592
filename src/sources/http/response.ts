import zlib from 'node:zlib';
import type { ExchangeResponse } from './exchange.ts';

/** Of an error's body, show this much. */
const excerptLength = 160;
/** An error's body that decompresses to more than this is no message. */
const mostDecompressed = 1024 * 1024;

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
  /** Every header, names in lower case. */
  headers(): (readonly [name: string, value: string])[];
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

  headers(): (readonly [name: string, value: string])[] {
    return Object.entries(this.#headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
    );
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
  if (!/json|text\/plain/.test(type)) return '';
  const text = decompressedStart(body, headers['content-encoding']).toString(
    'utf8',
    0,
    excerptLength * 4,
  );
  return text
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, excerptLength);
}

/** What can be read of a compressed body of which only the beginning was kept; empty when that is nothing. */
function decompressedStart(body: Buffer, coding: string | undefined): Buffer {
  const limits = { maxOutputLength: mostDecompressed };
  try {
    switch (coding) {
      case undefined:
        return body;
      case 'gzip':
        return zlib.gunzipSync(body, { ...limits, finishFlush: zlib.constants.Z_SYNC_FLUSH });
      case 'br':
        return zlib.brotliDecompressSync(body, {
          ...limits,
          finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
        });
      default:
        return Buffer.alloc(0);
    }
  } catch {
    return Buffer.alloc(0);
  }
}
