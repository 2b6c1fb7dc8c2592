/** The one address that stands for a page. */
export interface CanonicalUrl {
  /** The address as text: a page unit's key. */
  readonly url: string;
  /**
   * Host with its port, the usual ports left out as in an address bar: what `scope.hosts` names, and what shares a rate
   * limit (a unit's lane).
   */
  readonly host: string;
}

/**
 * The canonical form of a link, so that two spellings of one address are one page; null for what no page can be at
 * (mailto:, javascript:, unparsable).
 *
 * As the WHATWG URL standard writes it (lower-case host, Punycode, no usual port, no dot segments), and further: no
 * fragment, no user name and password, no trailing dot of the host, no empty query, percent-encoding in capitals and
 * only where it is needed. Left as they are, because servers may tell them apart: the order of query parameters, a
 * trailing slash, the case of the path, `www.`.
 *
 * @param base the address that a relative link is relative to.
 */
export function canonicalUrl(link: string, base?: string): CanonicalUrl | null {
  const url = URL.parse(link, base);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  if (url.username !== '' || url.password !== '') {
    url.username = '';
    url.password = '';
  }
  if (url.hostname.endsWith('.')) {
    url.hostname = url.hostname.replace(/\.+$/, '');
    if (url.hostname.endsWith('.')) return null;
  }
  return { url: canonicalText(url.href), host: url.host };
}

function canonicalText(href: string): string {
  let text = href;
  const fragment = text.indexOf('#');
  if (fragment !== -1) text = text.slice(0, fragment);
  if (text.endsWith('?')) text = text.slice(0, -1);
  return text.includes('%') ? text.replace(percentEncoded, normalizeEscape) : text;
}

const percentEncoded = /%[0-9a-f]{2}/gi;
const unreserved = /[A-Za-z0-9._~-]/;

function normalizeEscape(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return unreserved.test(character) ? character : escape.toUpperCase();
}
