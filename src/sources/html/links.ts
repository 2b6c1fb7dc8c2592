import type { Element } from 'domhandler';
import { LRUCache } from 'lru-cache';
import type { HtmlDocument } from './document.ts';
import { canonicalUrl, type CanonicalUrl } from './canonicalUrl.ts';
import type { Scope } from './scope.ts';
import { compileSelector, type Selector } from './selector.ts';

/** Pages of one site link to the same pages over and over: what a link leads to is remembered for so many links. */
const rememberedLinks = 20_000;

/** Finds the links of a page that are to be followed. */
export class LinkFinder {
  readonly #scope: Scope;
  readonly #follow: Selector | undefined;
  readonly #inside = compileSelector('a[href], area[href]');
  /** What a link leads to, by its base and its text; `none` when that is nothing in scope. */
  readonly #known = new LRUCache<string, CanonicalUrl | typeof none>({ max: rememberedLinks });

  /**
   * @param follow CSS selectors of links, or of elements that hold links.
   * @throws Error for a selector that does not compile; `checkPageConfig` says which.
   */
  constructor(follow: readonly string[], scope: Scope) {
    this.#scope = scope;
    this.#follow = follow.length === 0 ? undefined : compileSelector(follow);
  }

  /**
   * The pages that a page's links lead to, each once, in the order of the page: those in scope, without the page
   * itself, without rel=nofollow and downloads.
   *
   * @param base what relative links are relative to.
   */
  find(document: HtmlDocument, url: string, base: string): CanonicalUrl[] {
    if (this.#follow === undefined) return [];
    const found = new Map<string, CanonicalUrl>();
    const seen = new Set<string>();
    const folder = folderOf(base);
    const host = this.#scope.isOwnHostOnly ? canonicalUrl(url)?.host : undefined;
    for (const element of this.#follow.all(document)) {
      for (const link of linksOf(element, this.#inside)) {
        const text = target(link)?.replace(/#.*$/s, '');
        if (text === undefined || seen.has(text) || !isFollowed(link)) continue;
        seen.add(text);
        const page = this.#resolve(text, base, folder, host);
        if (page !== undefined && page.url !== url) found.set(page.url, page);
      }
    }
    return [...found.values()];
  }

  #resolve(
    text: string,
    base: string,
    folder: string,
    host: string | undefined,
  ): CanonicalUrl | undefined {
    // All but "" and "?page=2" mean the same on every page of a folder.
    const key = `${text === '' || text.startsWith('?') ? base : folder}\n${text}\n${host ?? ''}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known === none ? undefined : known;
    const target = canonicalUrl(text, base);
    const visited = target !== null && this.#scope.refuse(target, false, host) === undefined;
    this.#known.set(key, visited ? target : none);
    return visited ? target : undefined;
  }
}

/** Stands in the cache for a link that leads to nothing in scope. */
const none = Symbol('no page in scope');

/** The `<base href>` of a page where it has a usable one, else the page's own address. */
export function baseOf(page: HtmlDocument, url: string): string {
  const element = page.byTag.get('base')?.find((e) => Object.hasOwn(e.attribs, 'href'));
  const href = element?.attribs['href'];
  if (href === undefined) return url;
  const base = URL.parse(href, url);
  return base !== null && (base.protocol === 'http:' || base.protocol === 'https:')
    ? base.href
    : url;
}

/**
 * Whether the page asks crawlers not to follow its links: `<meta name="robots" content="nofollow">` (or "none"), or the
 * same in an `X-Robots-Tag` header; `robots` may be our own name instead.
 *
 * @param agent our product token in small letters.
 */
export function isNofollowPage(
  page: HtmlDocument,
  robotsTag: string | undefined,
  agent: string,
): boolean {
  const metas = page.byTag.get('meta') ?? [];
  const asked = metas.some(({ attribs }) => {
    const name = attribs['name']?.trim().toLowerCase();
    return (name === 'robots' || name === agent) && nofollow.test(attribs['content'] ?? '');
  });
  return asked || (robotsTag !== undefined && isNofollowTag(robotsTag, agent));
}

const nofollow = /(?:^|[\s,])(?:nofollow|none)(?=$|[\s,])/i;

/** Whether the rules of an X-Robots-Tag say so: "nofollow", or behind our name ("otherbot: noindex, nofollow"). */
function isNofollowTag(tag: string, agent: string): boolean {
  let concerns = true;
  for (const rule of tag.toLowerCase().split(',')) {
    const name = /^\s*([\w-]+)\s*:/.exec(rule)?.[1];
    if (name !== undefined && name !== 'unavailable_after') concerns = name === agent;
    if (concerns && nofollow.test(rule)) return true;
  }
  return false;
}

/** The element where it is a link, else the links in it: `follow` may name a list as well as its links. */
function linksOf(element: Element, inside: Selector): readonly Element[] {
  return target(element) === undefined ? inside.all(element) : [element];
}

/** Where a link leads, as it stands in the page. */
function target({ name, attribs }: Element): string | undefined {
  if (Object.hasOwn(attribs, 'href')) return attribs['href'];
  return name === 'iframe' || name === 'frame' ? attribs['src'] : undefined;
}

/** Whether a link leads to a page that we may follow. */
function isFollowed({ attribs }: Element): boolean {
  return (
    !Object.hasOwn(attribs, 'download') && !/(?:^|\s)nofollow(?:\s|$)/i.test(attribs['rel'] ?? '')
  );
}

/** A base as far as relative links need it, most of them: up to the last slash of its path. */
function folderOf(base: string): string {
  const path = base.replace(/[?#].*$/s, '');
  return path.slice(0, path.lastIndexOf('/') + 1);
}
