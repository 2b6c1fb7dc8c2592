import type { JsonObject } from '../../core/json.ts';
import type { NewUnit, Unit } from '../../core/unit.ts';
import { forValuesOf } from '../forValues/forUnits.ts';
import type { CanonicalUrl } from './canonicalUrl.ts';

/** In front of a sitemap's URL in its unit's key: the same URL may be a page, too. */
const sitemapKeyPrefix = 'sitemap:';

const sitemapGroup = 'sitemaps';

/** What a page's unit holds. There may be a million of them, so what is as usual is left out. */
export interface PageInput extends JsonObject {
  /** Links away from a start page. */
  readonly depth: number;
}

/** What a unit has of `for`, and hands on to the units that are found through it. */
export interface Heritage {
  /** Those values that fields are taken from. */
  readonly values?: JsonObject | undefined;
  /** undefined: that of all pages. */
  readonly group?: string | undefined;
}

/** What the units that are found through a unit have of it. */
export function heritageOf(unit: Unit): Heritage {
  return {
    values: forValuesOf(unit.input),
    group: unit.group === sitemapGroup ? undefined : unit.group,
  };
}

/** A page that is to be collected. */
export function pageUnit(
  target: CanonicalUrl,
  input: PageInput,
  { values, group = 'pages' }: Heritage = {},
): NewUnit {
  const own = values === undefined ? input : { ...input, for: values };
  return { key: target.url, lane: target.host, group, input: own };
}

/** A start page: a person named it, so `scope.include` does not apply to it. */
export function startUnit(target: CanonicalUrl, heritage: Heritage = {}): NewUnit {
  return pageUnit(target, { depth: 0, named: true }, heritage);
}

/** A sitemap, that many sitemaps inside one that a person named. */
export function sitemapUnit(
  target: CanonicalUrl,
  depth: number,
  { values }: Heritage = {},
): NewUnit {
  return {
    key: `${sitemapKeyPrefix}${target.url}`,
    lane: target.host,
    group: sitemapGroup,
    input: { kind: 'sitemap', depth, ...(values === undefined ? {} : { for: values }) },
  };
}

/** The unit that takes a page's place after a redirect, `redirects` of them so far. */
export function movedUnit(from: Unit, target: CanonicalUrl, redirects: number): NewUnit {
  const input = { depth: depthOf(from), ...(isNamed(from) ? { named: true } : {}), redirects };
  return pageUnit(target, input, heritageOf(from));
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
