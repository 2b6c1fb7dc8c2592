import { UnitFailedError } from '../../core/errors.ts';
import type { RequestFacts } from './failures.ts';
import type { Hop } from './hop.ts';

const statuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Whether a status with a `location` is a redirect to follow. */
export function isRedirect(status: number): boolean {
  return statuses.has(status);
}

/**
 * The hop that a redirect asks for: 301, 302 and 303 make a POST a GET, 307 and 308 repeat it. Credentials stay behind
 * when the origin changes (but for the step from http to https on the same host) and do not come back.
 *
 * @throws UnitFailedError when the location is no http or https URL.
 */
export function redirected(hop: Hop, location: string, status: number, facts: RequestFacts): Hop {
  const url = parseLocation(location, hop.url);
  if (url === undefined) {
    throw new UnitFailedError(
      'REDIRECT_INVALID',
      `${facts.method} ${facts.url} redirects to "${facts.redact(location.slice(0, 200))}", which is no http or https URL.`,
      { url: facts.url, host: facts.host, status },
    );
  }
  const isAtHome = hop.isAtHome && (url.origin === hop.url.origin || isUpgrade(hop.url, url));
  if (hop.method === 'POST' && status < 304)
    return { url, method: 'GET', body: undefined, headers: withoutContent(hop.headers), isAtHome };
  return { ...hop, url, isAtHome };
}

/** Follows one request from hop to hop, and notices when it goes in circles or on and on. */
export class RedirectChain {
  readonly #maxRedirects: number;
  readonly #seen = new Set<string>();
  /** Where redirects led, in order. */
  readonly urls: string[] = [];

  constructor(maxRedirects: number) {
    this.#maxRedirects = maxRedirects;
  }

  /**
   * Notes a step.
   *
   * @param setCookies whether the redirect set cookies: then it may well lead back to where it came from.
   * @throws UnitFailedError
   */
  step(from: Hop, to: Hop, setCookies: boolean, facts: RequestFacts): void {
    if (setCookies) this.#seen.clear();
    else this.#seen.add(`${from.method} ${from.url.href}`);
    const data = { url: facts.url, host: facts.host };
    if (this.#seen.has(`${to.method} ${to.url.href}`)) {
      throw new UnitFailedError(
        'REDIRECT_LOOP',
        `${facts.method} ${facts.url} redirects in a circle.`,
        data,
      );
    }
    if (this.urls.length >= this.#maxRedirects) {
      throw new UnitFailedError(
        'TOO_MANY_REDIRECTS',
        `${facts.method} ${facts.url} redirects again after ${this.#maxRedirects} redirects (request.maxRedirects).`,
        data,
      );
    }
    this.urls.push(to.url.href);
  }
}

function parseLocation(location: string, base: URL): URL | undefined {
  // Headers arrive as Latin-1; servers that do not escape send UTF-8.
  const text = Buffer.from(location, 'latin1').toString('utf8');
  try {
    const url = new URL(text, base);
    url.username = '';
    url.password = '';
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
  } catch {
    return undefined;
  }
}

function isUpgrade(from: URL, to: URL): boolean {
  return (
    from.protocol === 'http:' &&
    to.protocol === 'https:' &&
    from.hostname === to.hostname &&
    from.port === '' &&
    to.port === ''
  );
}

function withoutContent(headers: Hop['headers']): Hop['headers'] {
  if (headers === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.toLowerCase().startsWith('content-')),
  );
}
