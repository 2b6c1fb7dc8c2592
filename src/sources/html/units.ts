import type { JsonObject } from '../../core/json.ts';
import type { NewUnit, Unit } from '../../core/unit.ts';
import type { CanonicalUrl } from './canonicalUrl.ts';

/** In front of a sitemap's URL in its unit's key: the same URL may be a page, too. */
const sitemapKeyPrefix = 'sitemap:';

/** What a page's unit holds. There may be a million of them, so what is as usual is left out. */
export interface PageInput extends JsonObject {
  /** Links away from a start page. */
  readonly depth: number;
}

/** A page that is to be collected. */
export function pageUnit(target: CanonicalUrl, input: PageInput): NewUnit {
  return { key: target.url, lane: target.host, group: 'pages', input };
}

/** A start page: a person named it, so `scope.include` does not apply to it. */
export function startUnit(target: CanonicalUrl): NewUnit {
  return pageUnit(target, { depth: 0, named: true });
}

/** A sitemap, that many sitemaps inside one that a person named. */
export function sitemapUnit(target: CanonicalUrl, depth: number): NewUnit {
  return {
    key: `${sitemapKeyPrefix}${target.url}`,
    lane: target.host,
    group: 'sitemaps',
    input: { kind: 'sitemap', depth },
  };
}

/** The unit that takes a page's place after a redirect, `redirects` of them so far. */
export function movedUnit(from: Unit, target: CanonicalUrl, redirects: number): NewUnit {
  return pageUnit(target, {
    depth: depthOf(from),
    ...(isNamed(from) ? { named: true } : {}),
    redirects,
  });
}

/** Whether the unit is a sitemap. */
export function isSitemap(unit: Unit): boolean {
  return unit.input['kind'] === 'sitemap';
}

/** The URL that a unit fetches. */
export function urlOf(unit: Unit): string {
  return isSitemap(unit) ? unit.key.slice(sitemapKeyPrefix.length) : unit.key;
}

/** How far from a start page a page is, or how deep in other sitemaps a sitemap. */
export function depthOf(unit: Unit): number {
  return countIn(unit, 'depth');
}

/** How many redirects in a row led to the unit. */
export function redirectsOf(unit: Unit): number {
  return countIn(unit, 'redirects');
}

/** Whether a person named the page, or it stands for one that was named. */
export function isNamed(unit: Unit): boolean {
  return unit.input['named'] === true;
}

function countIn(unit: Unit, name: string): number {
  const count = unit.input[name];
  return typeof count === 'number' ? count : 0;
}
