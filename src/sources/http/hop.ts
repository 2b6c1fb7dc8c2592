import * as querystring from 'node:querystring';
import { UnitFailedError } from '../../core/errors.ts';
import type { HttpRequest } from './client.ts';

/** What one hop of a request is sent with; a redirect changes it. */
export interface Hop {
  /** Without user name and password. */
  readonly url: URL;
  readonly method: 'GET' | 'POST' | 'HEAD';
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Still where the collection wanted to go: credentials may be sent. */
  readonly isAtHome: boolean;
}

/**
 * The first hop of a request. A user name and password in its URL become an `authorization` header.
 *
 * @throws UnitFailedError when the URL is no http or https URL.
 */
export function firstHop(request: HttpRequest, redact: (text: string) => string): Hop {
  const url = URL.parse(request.url);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    const shown = redact(request.url);
    throw new UnitFailedError('URL_INVALID', `"${shown}" is no http or https URL.`, { url: shown });
  }
  let headers = request.headers;
  if (url.username !== '' || url.password !== '') {
    const user = querystring.unescape(`${url.username}:${url.password}`);
    headers = { authorization: `Basic ${Buffer.from(user).toString('base64')}`, ...headers };
    url.username = '';
    url.password = '';
  }
  return {
    url,
    method: request.method ?? 'GET',
    body: request.body,
    headers,
    isAtHome: request.withoutCredentials !== true,
  };
}
